package example.ledger;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Imports bank statements, books them, seals the books and exports them, again and again.
 *
 * <pre>java -cp … example.ledger.Main [SIZE] [--seconds N]</pre>
 *
 * SIZE is the number of transactions a round (default 3000). With --seconds it stops after that time, else it runs until
 * it is stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
 */
public final class Main {
  private static final Pattern LINE =
      Pattern.compile("(?<day>\\d{4}-\\d{2}-\\d{2});(?<from>[A-Z]{2}\\d+);(?<to>[A-Z]{2}\\d+);(?<amount>-?\\d+\\.\\d{2});(?<text>.*)");
  private static final String[] TEXTS = {"rent", "salary", "groceries", "books", "insurance", "travel", "repairs"};

  /** One booking from an account to another. */
  record Transaction(String day, String from, String to, BigDecimal amount, String text) {}

  /** The sum of one account. */
  record Balance(String account, BigDecimal amount, int bookings) {}

  private final Account account = new Account();
  private final Random random = new Random(42);
  private final Gson gson = new GsonBuilder().setPrettyPrinting().create();

  /** Writes a bank statement; one line in a hundred is damaged. */
  private String writeStatement(int size) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < size; i++) {
      text.append(String.format("2026-%02d-%02d;", 1 + random.nextInt(12), 1 + random.nextInt(28)))
          .append("DE")
          .append(1000 + random.nextInt(300))
          .append(random.nextInt(100) == 0 ? "?" : ";")
          .append("NL")
          .append(1000 + random.nextInt(300))
          .append(';')
          .append(BigDecimal.valueOf(random.nextInt(1_000_000), 2))
          .append(';')
          .append(TEXTS[random.nextInt(TEXTS.length)])
          .append('\n');
    }
    return text.toString();
  }

  /** Reads the lines of a statement; one that does not match is left out. */
  private List<Transaction> importStatement(String statement) {
    List<Transaction> transactions = new ArrayList<>();
    for (String line : statement.split("\n")) {
      Matcher match = LINE.matcher(line);
      if (match.matches()) {
        transactions.add(
            new Transaction(match.group("day"), match.group("from"), match.group("to"), new BigDecimal(match.group("amount")), match.group("text")));
      }
    }
    return transactions;
  }

  /** Books each transaction on both of its accounts, with interest by the day. */
  private List<Balance> book(List<Transaction> transactions) {
    Map<String, BigDecimal> sums = new TreeMap<>();
    Map<String, Integer> counts = new TreeMap<>();
    for (Transaction each : transactions) {
      BigDecimal interest = each.amount().multiply(new BigDecimal("0.0131")).divide(new BigDecimal("365"), 10, RoundingMode.HALF_EVEN);
      sums.merge(each.from(), each.amount().negate(), BigDecimal::add);
      sums.merge(each.to(), each.amount().add(interest), BigDecimal::add);
      counts.merge(each.from(), 1, Integer::sum);
      counts.merge(each.to(), 1, Integer::sum);
    }
    return sums.entrySet().stream()
        .map(entry -> new Balance(entry.getKey(), entry.getValue().setScale(2, RoundingMode.HALF_EVEN), counts.get(entry.getKey())))
        .sorted(Comparator.comparing(Balance::amount).reversed())
        .collect(Collectors.toList());
  }

  /** Seals the books: a chain of hashes over all transactions in order. */
  private String seal(List<Transaction> transactions) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] previous = new byte[32];
      for (Transaction each : transactions) {
        digest.update(previous);
        previous = digest.digest(each.toString().getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(previous);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Writes the balances as JSON. */
  private String export(List<Balance> balances, String seal) {
    List<Map<String, Object>> rows =
        balances.stream()
            .map(balance -> Map.<String, Object>of("account", balance.account(), "amount", balance.amount().toPlainString(), "bookings", balance.bookings()))
            .toList();
    return gson.toJson(Map.of("seal", seal, "balances", rows));
  }

  private int round(int size) {
    String statement = account.measure("write the statement", "Main.writeStatement", () -> writeStatement(size));
    List<Transaction> transactions = account.measure("import", "Main.importStatement", () -> importStatement(statement));
    List<Balance> balances = account.measure("book", "Main.book", () -> book(transactions));
    String sealed = account.measure("seal", "Main.seal", () -> seal(transactions));
    String document = account.measure("export", "Main.export", () -> export(balances, sealed));
    account.print(false);
    return document.length();
  }

  /** Runs rounds until the time is over. */
  public static void main(String[] arguments) {
    int size = 3000;
    double seconds = 0;
    try {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i].equals("--seconds")) {
          seconds = Double.parseDouble(arguments[++i]);
        } else {
          size = Integer.parseInt(arguments[i]);
        }
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException badArgument) {
      size = 0;
    }
    if (size < 1) {
      System.err.println("usage: Main [SIZE] [--seconds N]; SIZE is a whole number of transactions, at least 1");
      System.exit(2);
    }
    Main main = new Main();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long written = 0;
    while (seconds <= 0 || System.nanoTime() < end) {
      written += main.round(size);
    }
    main.account.print(true);
    if (written == 0) {
      System.err.println("nothing was written");
    }
  }
}
