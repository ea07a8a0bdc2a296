module example.invalid/logs

go 1.26

require (
	github.com/yuin/goldmark v1.7.8
	golang.org/x/sys v0.47.0
)
