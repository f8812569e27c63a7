// One role of Go's crypto/tls for the table of interoperability: as many connections as asked for, one after the other, and a
// line about each that says what Go itself makes of it.
package main

import (
	"bufio"
	"crypto/mldsa"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// A connection that takes longer is lost.
const patience = 20 * time.Second

func main() {
	log.SetFlags(0)
	role := flag.String("role", "", "server, client, ech or certificates")
	address := flag.String("address", "127.0.0.1:0", "where to listen or to connect")
	connections := flag.Int("connections", 1, "how many, one after the other")
	version := flag.String("version", "", "the only version, in hex")
	suite := flag.String("suite", "", "the only suite of TLS 1.2, in hex")
	groups := flag.String("groups", "", "the only groups, in hex, with commas")
	chain := flag.String("chain", "", "our certificates, PEM")
	key := flag.String("key", "", "their key, PEM")
	roots := flag.String("roots", "", "whom to believe, PEM; a server that has it insists on a certificate")
	public := flag.String("public", "", "the public name of a server of Encrypted Client Hello")
	out := flag.String("out", "", "the folder that certificates are written to")
	flag.Parse()
	if *role == "certificates" {
		certificates(*out)
		return
	}

	config := &tls.Config{
		MinVersion: number(*version),
		MaxVersion: number(*version),
		ServerName: "localhost",
		// For a client; a server keeps its sessions in tickets.
		ClientSessionCache: tls.NewLRUClientSessionCache(4),
	}
	if *suite != "" {
		config.CipherSuites = []uint16{number(*suite)}
	}
	for _, group := range strings.Split(*groups, ",") {
		config.CurvePreferences = append(config.CurvePreferences, tls.CurveID(number(group)))
	}
	if *chain != "" {
		pair, err := tls.LoadX509KeyPair(*chain, *key)
		check(err)
		config.Certificates = []tls.Certificate{pair}
	}
	if *roots != "" {
		pem, err := os.ReadFile(*roots)
		check(err)
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			log.Fatal("no root in ", *roots)
		}
		config.RootCAs = pool
		config.ClientCAs = pool
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	switch *role {
	case "ech":
		serveHidden(*address, *connections, *public, config)
	case "server":
		serve(*address, *connections, config)
	case "client":
		for range *connections {
			connect(*address, config)
		}
	default:
		log.Fatal("no such role: ", *role)
	}
}

func serve(address string, connections int, config *tls.Config) {
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Printf("listening %s\n", listener.Addr())
	for range connections {
		raw, err := listener.Accept()
		check(err)
		check(raw.SetDeadline(time.Now().Add(patience)))
		conn := tls.Server(raw, config)
		check(conn.Handshake())
		lines := bufio.NewReader(conn)
		_, err = lines.ReadString('\n')
		check(err)
		_, err = conn.Write([]byte("from the peer\n"))
		check(err)
		report(conn.ConnectionState())
		// The client closes first; what else it says is not expected.
		rest, err := lines.ReadByte()
		if err == nil {
			log.Fatal("after its line the client said ", rest)
		}
		conn.Close()
	}
}

func connect(address string, config *tls.Config) {
	raw, err := net.DialTimeout("tcp", address, patience)
	check(err)
	check(raw.SetDeadline(time.Now().Add(patience)))
	conn := tls.Client(raw, config)
	check(conn.Handshake())
	_, err = conn.Write([]byte("to our server\n"))
	check(err)
	// Tickets of TLS 1.3 come before the answer, and are read with it.
	line, err := bufio.NewReader(conn).ReadString('\n')
	check(err)
	if line != "from our server\n" {
		log.Fatalf("the server said %q", line)
	}
	report(conn.ConnectionState())
	conn.Close()
}

func report(state tls.ConnectionState) {
	key := "none"
	if len(state.PeerCertificates) > 0 {
		key = "classical"
		if public, ok := state.PeerCertificates[0].PublicKey.(*mldsa.PublicKey); ok {
			key = public.Parameters().String()
		}
	}
	fmt.Printf("report version=%04x suite=%04x group=%04x resumed=%t retried=%t peerkey=%s\n", state.Version, state.CipherSuite,
		uint16(state.CurveID), state.DidResume, state.HelloRetryRequest, key)
}

func number(hex string) uint16 {
	value, err := strconv.ParseUint(hex, 16, 16)
	check(err)
	return uint16(value)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
