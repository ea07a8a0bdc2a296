package main

import "testing"

func TestTheServedUserIsTheOneBehindSudo(t *testing.T) {
	for _, c := range []struct {
		argument int64
		sudo     string
		pkexec   string
		want     uint32
		refused  bool
	}{
		{argument: 1000, want: 1000},
		{argument: 1000, sudo: "1001", want: 1001},
		{argument: 1000, pkexec: "1002", want: 1002},
		{argument: -1, sudo: "1001", pkexec: "1002", want: 1001},
		{argument: -1, sudo: "root", refused: true},
		{argument: -1, sudo: "-1", refused: true},
		{argument: 1 << 32, refused: true},
		{argument: 1<<32 - 1, refused: true},
	} {
		environment := map[string]string{"SUDO_UID": c.sudo, "PKEXEC_UID": c.pkexec}
		uid, err := servedUser(c.argument, func(name string) string { return environment[name] })
		if (err != nil) != c.refused || uid != c.want {
			t.Errorf("%+v serves %d, %v", c, uid, err)
		}
	}
}
