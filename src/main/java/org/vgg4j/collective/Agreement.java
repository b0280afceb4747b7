package org.vgg4j.collective;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.zip.CRC32C;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How ranks find out, before they begin, whether they are about to do the same. When one refuses,
 * all do, and none is left waiting.
 */
public final class Agreement {
  private static final byte GOOD = 0;
  private static final byte REFUSAL = 1;

  private static final String CODE = "vgg4j";

  private Agreement() {}

  /**
   * Requires that every rank comes with the same facts and the same code.
   *
   * @param facts name to text, in any order
   * @throws InvalidInputException on every rank: it names a rank and what differs there from rank 0
   */
  public static void require(Collective collective, Map<String, String> facts) {
    if (collective.world() == 1) {
      return;
    }
    Map<String, String> all = new LinkedHashMap<>();
    all.put(CODE, code());
    all.putAll(facts);
    byte[][] said = collective.gather(message(GOOD, Lines.join(all)));
    requireNoRefusal(said);
    Map<String, String> first = Lines.split(text(said[0]));
    for (int rank = 1; rank < said.length; rank++) {
      Map<String, String> other = Lines.split(text(said[rank]));
      for (String name : first.keySet()) {
        if (!Objects.equals(first.get(name), other.get(name))) {
          throw new InvalidInputException(
              "rank %d differs from rank 0: %s is %s there, not %s"
                  .formatted(rank, name, other.get(name), first.get(name)));
        }
      }
    }
  }

  /** Tells the other ranks, which are in {@link #require}, that this one cannot go on. */
  public static void refuse(Collective collective, Throwable reason) {
    if (collective.world() > 1) {
      collective.gather(message(REFUSAL, reason(reason)));
    }
  }

  /**
   * Returns what rank 0 makes, on every rank.
   *
   * @param maker is called on rank 0 only
   * @throws InvalidInputException on the other ranks when it fails
   */
  public static byte[] fromRankZero(Collective collective, Callable<byte[]> maker)
      throws IOException {
    if (collective.rank() > 0) {
      byte[] sent = collective.broadcast(new byte[0]);
      requireNoRefusal(new byte[][] {sent});
      return Arrays.copyOfRange(sent, 1, sent.length);
    }
    try {
      byte[] made = maker.call();
      byte[] sent = new byte[made.length + 1];
      System.arraycopy(made, 0, sent, 1, made.length);
      collective.broadcast(sent);
      return made;
    } catch (PeerLostException e) {
      throw e;
    } catch (Exception | Error e) {
      collective.broadcast(message(REFUSAL, reason(e)));
      if (e instanceof IOException io) {
        throw io;
      }
      if (e instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (e instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e);
    }
  }

  /** Returns what rank 0 says to a question, on every rank. */
  public static boolean doesRankZero(Collective collective, boolean answer) {
    return collective.broadcast(new byte[] {(byte) (answer ? 1 : 0)})[0] == 1;
  }

  private static void requireNoRefusal(byte[][] said) {
    for (int rank = 0; rank < said.length; rank++) {
      if (said[rank][0] == REFUSAL) {
        throw new InvalidInputException("rank " + rank + " cannot begin: " + text(said[rank]));
      }
    }
  }

  private static String reason(Throwable e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static byte[] message(byte kind, String text) {
    byte[] words = text.getBytes(StandardCharsets.UTF_8);
    byte[] message = new byte[words.length + 1];
    message[0] = kind;
    System.arraycopy(words, 0, message, 1, words.length);
    return message;
  }

  private static String text(byte[] message) {
    return new String(message, 1, message.length - 1, StandardCharsets.UTF_8);
  }

  /** Returns the version, and of a jar its checksum: two builds may have the same version. */
  private static String code() {
    String version = Agreement.class.getPackage().getImplementationVersion();
    CodeSource source = Agreement.class.getProtectionDomain().getCodeSource();
    String name = version == null ? "development" : version;
    try {
      Path jar = source == null ? null : Path.of(source.getLocation().toURI());
      return jar == null || !Files.isRegularFile(jar) ? name : name + " (" + checksum(jar) + ")";
    } catch (IOException | URISyntaxException | RuntimeException e) {
      return name; // from somewhere that is no file
    }
  }

  private static String checksum(Path jar) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(jar)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        crc.update(buffer, 0, count);
      }
    }
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** Facts as text: a name and its value in turn, a line each. */
  private static final class Lines {
    static String join(Map<String, String> facts) {
      StringBuilder text = new StringBuilder();
      facts.forEach(
          (name, value) -> text.append(name).append('\n').append(flat(value)).append('\n'));
      return text.toString();
    }

    private static String flat(String value) {
      return value == null ? "none" : value.replaceAll("\\s*\\n\\s*", " ");
    }

    static Map<String, String> split(String text) {
      String[] lines = text.split("\n");
      Map<String, String> facts = new LinkedHashMap<>();
      for (int i = 0; i + 1 < lines.length; i += 2) {
        facts.put(lines[i], lines[i + 1]);
      }
      return facts;
    }
  }
}
