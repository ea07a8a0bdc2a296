// Reads and writes, and prints for each line `line bytes` by its own account. Begins when it hears a byte.
import java.io.RandomAccessFile;
import java.util.TreeMap;

public class Transfer {
    static final TreeMap<Integer, Long> account = new TreeMap<>();

    static void work(RandomAccessFile file, byte[] data) throws Exception {
        file.seek(0);
        file.write(data, 0, 6000);
        account.merge(10, 6000L, Long::sum);
        file.write(data, 0, 900);
        account.merge(12, 900L, Long::sum);
        file.seek(0);
        account.merge(15, (long) file.read(data, 0, 2500), Long::sum);
    }

    public static void main(String[] arguments) throws Exception {
        System.in.read();
        RandomAccessFile file = new RandomAccessFile(arguments[1] + "/java", "rw");
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++) work(file, new byte[8192]);
        account.forEach((line, bytes) -> System.out.println(line + " " + bytes));
    }
}
