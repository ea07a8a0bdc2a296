# A build: compiles one small file after another, with the pauses of somebody who saves now and then.
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
n=0
while :; do
  n=$((n + 1))
  {
    echo '#include <stdio.h>'
    echo '#include <stdlib.h>'
    echo '#include <string.h>'
    for i in $(seq 200); do
      echo "int f$i(int x) { char b[64]; snprintf(b, sizeof b, \"%d\", x * $i); return (int)strlen(b) + abs(x) % $i; }"
    done
  } > "$folder/$((n % 8)).c"
  cc -O1 -c -o "$folder/$((n % 8)).o" "$folder/$((n % 8)).c"
  [ $((n % 4)) -ne 0 ] || sleep 1
done
