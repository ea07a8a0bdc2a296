package capture

import "strings"

// javaMethod turns the JVM's name of a method, "void org.example.Main$Inner.work(int, java.lang.String)", into
// "org.example.Main$Inner.work". A hidden class's name carries an address, which changes from run to run: it goes.
func javaMethod(name string) string {
	if open := strings.IndexByte(name, '('); open >= 0 {
		name = name[:open]
	}
	if space := strings.LastIndexByte(name, ' '); space >= 0 {
		name = name[space+1:]
	}
	if hidden := strings.Index(name, "+0x"); hidden >= 0 {
		rest := strings.TrimLeft(name[hidden+3:], "0123456789abcdef")
		name = name[:hidden] + rest
	}
	return name
}
