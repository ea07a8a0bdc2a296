package capture

import "strings"

// javaMethod turns the JVM's name of a method, "void org.example.Main$Inner.work(int, java.lang.String)", into
// "org.example.Main$Inner.work".
func javaMethod(name string) string {
	if open := strings.IndexByte(name, '('); open >= 0 {
		name = name[:open]
	}
	if space := strings.LastIndexByte(name, ' '); space >= 0 {
		name = name[space+1:]
	}
	return name
}
