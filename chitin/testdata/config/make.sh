#!/bin/sh
# Makes the files beside it. See README.md.
set -eu
cd "$(dirname "$0")"
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform PEM -out "$1.pem"; }
days=36500
for ca in ca other-ca; do
    key $ca
    openssl req -x509 -new -key $ca.pem -subj "/CN=Chitin test $ca" -days $days -out $ca.crt \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    openssl x509 -in $ca.crt -outform DER -out $ca.der
done
issue() {
    key "$1"
    openssl req -new -key "$1.pem" -subj "/CN=Chitin test $1" -out "$1.csr"
    printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$2" "$3" > ext
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.pem -days $days -extfile ext -outform DER -out "$1.der"
    openssl pkcs8 -topk8 -nocrypt -in "$1.pem" -outform DER -out "$1.key.der"
}
issue server serverAuth 'DNS:host.example,DNS:*.wild.example'
issue client clientAuth 'DNS:client.example'
rm -f ./*.pem ./*.crt ./*.csr ./*.srl ext
