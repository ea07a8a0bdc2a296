// Reads and writes, and prints for each line `line bytes` by its own account. Begins when it hears a byte.
const fs = require("node:fs");
const [rounds, folder] = [Number(process.argv[2]), process.argv[3]];
const [small, large] = [Buffer.alloc(1200), Buffer.alloc(10000)];
const sums = [0, 0, 0];

function work(file) {
  sums[0] += fs.writeSync(file, small, 0, small.length, 0);
  sums[1] += fs.writeSync(file, large, 0, large.length, 0);
  sums[2] += fs.readSync(file, large, 0, 9000, 0);
}

fs.readSync(0, Buffer.alloc(1));
const file = fs.openSync(`${folder}/node`, "w+");
for (let i = 0; i < rounds; i++) work(file);
for (const [index, size] of sums.entries()) console.log(8 + index, size);
