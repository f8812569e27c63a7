package main

import (
	"crypto"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Writes a root with ML-DSA-65, and below it a server and a client with each kind of ML-DSA.
func certificates(out string) {
	root := template("chitin test root with ML-DSA", 1)
	root.IsCA = true
	root.BasicConstraintsValid = true
	root.KeyUsage = x509.KeyUsageCertSign
	rootKey, err := mldsa.GenerateKey(mldsa.MLDSA65())
	check(err)
	rootDer, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	check(err)
	write(filepath.Join(out, "ml-dsa-root.pem"), "CERTIFICATE", rootDer)
	serial := int64(1)
	issue := func(name string, parameters mldsa.Parameters, leaf *x509.Certificate) {
		serial++
		leaf.SerialNumber = big.NewInt(serial)
		leaf.KeyUsage = x509.KeyUsageDigitalSignature
		key, err := mldsa.GenerateKey(parameters)
		check(err)
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), crypto.Signer(rootKey))
		check(err)
		write(filepath.Join(out, name+".chain.pem"), "CERTIFICATE", der)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		check(err)
		write(filepath.Join(out, name+".key.pem"), "PRIVATE KEY", pkcs8)
	}
	for name, parameters := range map[string]mldsa.Parameters{
		"44": mldsa.MLDSA44(), "65": mldsa.MLDSA65(), "87": mldsa.MLDSA87(),
	} {
		server := template("chitin test server", 0)
		server.DNSNames = []string{"localhost"}
		server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		issue("server-"+name, parameters, server)
		client := template("chitin test client", 0)
		client.DNSNames = []string{"client.test"}
		client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		issue("client-"+name, parameters, client)
	}
}

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func write(path, kind string, der []byte) {
	check(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
