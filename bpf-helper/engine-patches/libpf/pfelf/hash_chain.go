package pfelf

// A file may say of its table of names whatever it likes: that it goes on for ever, or in a circle. These end the search in it.
const (
	// maxHashBytes is more than the tables of the largest programs have, at four bytes a name.
	maxHashBytes = 16 << 20
	// maxChainLinks is more than any bucket has that is of use.
	maxChainLinks = 1 << 17
)

// endsChain says whether an entry of DT_GNU_HASH is its bucket's last one, or lies further from the table's start, bytes, than any does.
func endsChain(entry uint32, distance int64) bool {
	return entry&1 != 0 || distance < 0 || distance > maxHashBytes
}

// inChain says whether DT_HASH goes on with a symbol after so many of its bucket.
func inChain(symbol, symbols uint32, links int) bool {
	return symbol != 0 && symbol < symbols && links < maxChainLinks
}
