// Reads what prismfed hands out with golang.org/x/mod/sumdb, which knows nothing of prismfed: signed notes, proofs of
// records, proofs of trees, and tiles. Exit status: 0 it verifies, 1 it does not, 2 wrong usage.
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type checkpoint struct {
	size int64
	root tlog.Hash
}

func open(vkeys string, message []byte) (checkpoint, error) {
	var c checkpoint
	var verifiers []note.Verifier
	for _, vkey := range strings.Fields(vkeys) {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return c, err
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(message, note.VerifierList(verifiers...))
	if err != nil {
		return c, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return c, errors.New("not three lines")
	}
	if c.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return c, err
	}
	c.root, err = tlog.ParseHash(lines[2])
	return c, err
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return data
}

// checkNote VKEYS FILE
func checkNote(args []string) error {
	_, err := open(args[0], read(args[1]))
	return err
}

// checkProof VKEYS PROOF ENTRY: a C2SP tlog-proof of the bytes in ENTRY.
func checkProof(args []string) error {
	head, message, found := bytes.Cut(read(args[1]), []byte("\n\n"))
	if !found {
		return errors.New("no checkpoint")
	}
	c, err := open(args[0], message)
	if err != nil {
		return err
	}
	var index int64
	var proof tlog.RecordProof
	for i, line := range strings.Split(string(head), "\n") {
		switch {
		case i == 0 && line != "c2sp.org/tlog-proof@v1":
			return errors.New("not a tlog-proof")
		case i == 0 || strings.HasPrefix(line, "extra "):
		case strings.HasPrefix(line, "index "):
			if index, err = strconv.ParseInt(strings.TrimPrefix(line, "index "), 10, 64); err != nil {
				return err
			}
		default:
			h, err := tlog.ParseHash(line)
			if err != nil {
				return err
			}
			proof = append(proof, h)
		}
	}
	return tlog.CheckRecord(proof, c.size, c.root, index, tlog.RecordHash(read(args[2])))
}

// checkTree VKEYS OLD NEW EPOCH-FILE: the consistency proof in the file of the epoch that leads from OLD to NEW.
func checkTree(args []string) error {
	older, err := open(args[0], read(args[1]))
	if err != nil {
		return err
	}
	newer, err := open(args[0], read(args[2]))
	if err != nil {
		return err
	}
	var file struct {
		Log struct {
			ConsistencyProof []string `json:"consistency_proof"`
		}
	}
	if err = json.Unmarshal(read(args[3]), &file); err != nil {
		return err
	}
	var proof tlog.TreeProof
	for _, text := range file.Log.ConsistencyProof {
		var h tlog.Hash
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != len(h) {
			return errors.New("not a hash")
		}
		copy(h[:], b)
		proof = append(proof, h)
	}
	return tlog.CheckTree(proof, newer.size, newer.root, older.size, older.root)
}

// folder reads tiles; their paths in C2SP tlog-tiles have no height.
type folder string

func (f folder) Height() int { return 8 }
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(t.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// checkTiles VKEYS DIR: each entry of the bundles is the leaf that the tiles, and with them the checkpoint, name.
func checkTiles(args []string) error {
	dir := args[1]
	c, err := open(args[0], read(filepath.Join(dir, "checkpoint")))
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: c.size, Hash: c.root}, folder(dir))
	root, err := tlog.TreeHash(c.size, hashes)
	if err != nil {
		return err
	}
	if root != c.root {
		return errors.New("the tiles have another root")
	}
	for first := int64(0); first < c.size; first += 256 {
		width := c.size - first
		if width > 256 {
			width = 256
		}
		t := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		bundle := read(filepath.Join(dir, strings.Replace(t.Path(), "tile/8/0/", "tile/entries/", 1)))
		for i := first; i < first+width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(bundle[0])<<8+int(bundle[1]) {
				return errors.New("a bundle is too short")
			}
			n := int(bundle[0])<<8 + int(bundle[1])
			want, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			if err != nil {
				return err
			}
			if tlog.RecordHash(bundle[2:2+n]) != want[0] {
				return fmt.Errorf("entry %d is not its leaf", i)
			}
			bundle = bundle[2+n:]
		}
		if len(bundle) > 0 {
			return errors.New("a bundle is too long")
		}
	}
	return nil
}

func main() {
	checks := map[string]struct {
		check func([]string) error
		args  int
	}{"note": {checkNote, 2}, "proof": {checkProof, 3}, "tree": {checkTree, 4}, "tiles": {checkTiles, 2}}
	if len(os.Args) < 2 || checks[os.Args[1]].check == nil || len(os.Args) != 2+checks[os.Args[1]].args {
		fmt.Fprintln(os.Stderr, "usage: note|proof|tree|tiles ...")
		os.Exit(2)
	}
	if err := checks[os.Args[1]].check(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
