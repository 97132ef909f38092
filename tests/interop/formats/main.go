// Reads what prismfed hands out with github.com/transparency-dev/formats and merkle: checkpoints, timestamped
// cosignatures, tlog-proofs, and trust policies where the library has them. Exit status: 0 it verifies, 1 it does not, 2 wrong usage.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	mproof "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return data
}

// The one log that signed, and all cosigners, of whom none may be missing.
func open(policy string, message []byte) (*log.Checkpoint, error) {
	var logs []note.Verifier
	var cosigners []note.Verifier
	for _, line := range strings.Split(string(read(policy)), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) >= 2 && words[0] == "log":
			v, err := note.NewVerifier(words[1])
			if err != nil {
				return nil, err
			}
			logs = append(logs, v)
		case len(words) >= 3 && words[0] == "witness":
			v, err := fnote.NewVerifierForCosignatureV1(words[2])
			if err != nil {
				return nil, err
			}
			cosigners = append(cosigners, v)
		}
	}
	for _, v := range logs {
		c, _, n, err := log.ParseCheckpoint(message, v.Name(), v, cosigners...)
		if err != nil {
			continue
		}
		if len(n.Sigs) != 1+len(cosigners) {
			return nil, fmt.Errorf("%d of %d cosignatures", len(n.Sigs)-1, len(cosigners))
		}
		return c, nil
	}
	return nil, errors.New("no log signed it")
}

func check(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "checkpoint":
		_, err := open(args[1], read(args[2]))
		return err
	case len(args) == 4 && args[0] == "proof":
		var p proof.TLogProof
		if err := p.Unmarshal(read(args[2])); err != nil {
			return err
		}
		c, err := open(args[1], p.Checkpoint)
		if err != nil {
			return err
		}
		var path [][]byte
		for i := range p.Hashes {
			path = append(path, p.Hashes[i][:])
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(read(args[3]))
		return mproof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, c.Size, leaf, path, c.Hash)
	}
	fmt.Fprintln(os.Stderr, "usage: checkpoint POLICY FILE | proof POLICY PROOF ENTRY")
	os.Exit(2)
	return nil
}

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
