package main

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"time"
)

// A server of Encrypted Client Hello (RFC 9849) for our client: it publishes a configuration, and says of each connection whether
// it has read a hidden hello, under which name, and what came of it.
func serveHidden(address string, connections int, publicName string, config *tls.Config) {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(err)
	published := configuration(private.PublicKey().Bytes(), publicName)
	config.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{
		{Config: published, PrivateKey: private.Bytes(), SendAsRetry: true},
	}
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Printf("published %s\n", hex.EncodeToString(sized(published)))
	fmt.Printf("listening %s\n", listener.Addr())
	for range connections {
		raw, err := listener.Accept()
		check(err)
		check(raw.SetDeadline(time.Now().Add(patience)))
		conn := tls.Server(raw, config)
		outcome := talk(conn)
		state := conn.ConnectionState()
		fmt.Printf("report ech=%t name=%s resumed=%t retried=%t outcome=%q\n", state.ECHAccepted, state.ServerName, state.DidResume,
			state.HelloRetryRequest, outcome)
		conn.Close()
	}
}

func talk(conn *tls.Conn) string {
	if err := conn.Handshake(); err != nil {
		return err.Error()
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err.Error()
	}
	if _, err = conn.Write([]byte("from the peer\n")); err != nil {
		return err.Error()
	}
	return line
}

// RFC 9849 section 4: X25519 and HKDF-SHA256, with each of the three AEADs.
func configuration(public []byte, name string) []byte {
	contents := []byte{17, 0, 0x20}
	contents = append(contents, sized(public)...)
	contents = append(contents, sized([]byte{0, 1, 0, 1, 0, 1, 0, 2, 0, 1, 0, 3})...)
	contents = append(contents, 0, byte(len(name)))
	contents = append(contents, name...)
	contents = append(contents, 0, 0)
	return append([]byte{0xfe, 0x0d}, sized(contents)...)
}

func sized(bytes []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(bytes))), bytes...)
}
