package org.vgg4j.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.vgg4j.io.SafeTensorsHeader.Entry;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Reads safetensors files. Opening checks the whole layout; a tensor's data are read when asked
 * for, in pieces. For one thread at a time.
 *
 * <p>Every complaint about the file is an {@link InvalidInputException} of one line; an {@link
 * IOException} means that the disk failed.
 *
 * <p>Source: <a href="https://github.com/huggingface/safetensors#format">the format</a>.
 */
public final class SafeTensorsReader implements AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 18;
  private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

  private final Path path;
  private final FileHandle file;
  private final long fileBytes;
  private final long dataStart;
  private final Map<String, String> metadata;
  private final int hashPosition;
  private final Map<String, Entry> entries = new LinkedHashMap<>(); // in the order of the data
  private boolean closed;

  private SafeTensorsReader(Path path, FileHandle file) throws IOException {
    this.path = path;
    this.file = file;
    fileBytes = file.size();
    byte[] json = readHeader();
    dataStart = (long) SafeTensorsHeader.LENGTH_BYTES + json.length;
    SafeTensorsHeader parsed = HeaderParser.parse(path, json);
    metadata = parsed.metadata();
    hashPosition = parsed.hashPosition();
    for (Entry entry : DataLayout.checked(path, parsed.entries(), fileBytes - dataStart)) {
      entries.put(entry.spec().name(), entry);
    }
  }

  /** Opens a file of the machine's file system; see the method with all parameters. */
  public static SafeTensorsReader open(Path path) throws IOException {
    return open(path, FileOperations.SYSTEM);
  }

  /**
   * Opens a file and checks its header and layout.
   *
   * @throws InvalidInputException when there is no such file or it is no whole, valid safetensors
   *     file
   * @throws IOException when reading fails
   */
  public static SafeTensorsReader open(Path path, FileOperations files) throws IOException {
    FileHandle file;
    try {
      file = files.open(path);
    } catch (FileSystemException e) {
      throw new InvalidInputException(
          path + ": cannot be opened: " + IoFailures.reason(e) + "; check the path", e);
    }
    try {
      return new SafeTensorsReader(path, file);
    } catch (Throwable failure) {
      try {
        file.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }
  }

  /** The tensors, in the order of their data. */
  public List<SafeTensorSpec> tensors() {
    return entries.values().stream().map(Entry::spec).toList();
  }

  /** Whether the file has a tensor of this name. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /**
   * What a tensor is.
   *
   * @throws InvalidInputException when the file has no tensor of this name
   */
  public SafeTensorSpec tensor(String name) {
    return entry(name).spec();
  }

  /** The texts under {@code __metadata__}, the hash among them; empty when there are none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Compares the file with its hash; reads the whole file when it has one.
   *
   * @return UNVERIFIED when it has none
   * @throws InvalidInputException when the contents are not those of the hash
   */
  public Verification verify() throws IOException {
    requireOpen();
    String expected = metadata.get(ContentHash.KEY);
    if (expected == null) {
      return Verification.UNVERIFIED;
    }
    if (hashPosition < 0 || !expected.equals(hash())) {
      throw new InvalidInputException(
          path
              + ": the contents do not match the file's SHA-256; the file was damaged or changed by"
              + " another program: write or get it again");
    }
    return Verification.VERIFIED;
  }

  /**
   * The values of a floating-point tensor in row-major order; F64 is rounded to nearest, what is
   * beyond a float becomes infinite.
   *
   * @throws InvalidInputException when there is no such tensor, or one of another type
   */
  public float[] readFloats(String name) throws IOException {
    Entry entry = entry(name);
    SafeTensorType type = entry.spec().type();
    requireType(entry, ElementDecoder.isFloating(type), "floating-point numbers");
    float[] values = new float[arrayLength(entry)];
    readChunks(entry, (first, chunk) -> ElementDecoder.toFloats(type, chunk, values, first));
    return values;
  }

  /**
   * The values of a floating-point tensor in row-major order, exactly.
   *
   * @throws InvalidInputException when there is no such tensor, or one of another type
   */
  public double[] readDoubles(String name) throws IOException {
    Entry entry = entry(name);
    SafeTensorType type = entry.spec().type();
    requireType(entry, ElementDecoder.isFloating(type), "floating-point numbers");
    double[] values = new double[arrayLength(entry)];
    readChunks(entry, (first, chunk) -> ElementDecoder.toDoubles(type, chunk, values, first));
    return values;
  }

  /**
   * The values of an integer tensor in row-major order.
   *
   * @throws InvalidInputException when there is no such tensor, or one of another type
   */
  public long[] readLongs(String name) throws IOException {
    Entry entry = entry(name);
    SafeTensorType type = entry.spec().type();
    requireType(entry, !ElementDecoder.isFloating(type), "whole numbers");
    long[] values = new long[arrayLength(entry)];
    readChunks(entry, (first, chunk) -> ElementDecoder.toLongs(type, chunk, values, first));
    return values;
  }

  /**
   * The CRC32C of a tensor's bytes as they stand in the file, in eight hexadecimal digits.
   *
   * @throws InvalidInputException when there is no such tensor
   */
  public String crc32c(String name) throws IOException {
    CRC32C crc = new CRC32C();
    readChunks(entry(name), (first, chunk) -> crc.update(chunk));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    closed = true;
    file.close();
  }

  private byte[] readHeader() throws IOException {
    if (fileBytes < SafeTensorsHeader.LENGTH_BYTES) {
      throw Damage.of(path, "the file has only " + fileBytes + " bytes");
    }
    ByteBuffer length = littleEndian(SafeTensorsHeader.LENGTH_BYTES);
    readFully(length, 0);
    long headerBytes = length.getLong(0);
    if (headerBytes < 0 || headerBytes > SafeTensorsHeader.MAX_BYTES) {
      String size = Long.toUnsignedString(headerBytes);
      throw Damage.of(path, "a huge header of " + size + " bytes (at most 100000000)");
    }
    if (headerBytes > fileBytes - SafeTensorsHeader.LENGTH_BYTES) {
      String text = "the header of %d bytes runs beyond the file's %d bytes";
      throw Damage.of(path, text.formatted(headerBytes, fileBytes));
    }
    byte[] json = new byte[(int) headerBytes];
    readFully(ByteBuffer.wrap(json), SafeTensorsHeader.LENGTH_BYTES);
    return json;
  }

  private String hash() throws IOException {
    ContentHash hash = new ContentHash();
    long zerosBegin = (long) SafeTensorsHeader.LENGTH_BYTES + hashPosition;
    long zerosEnd = zerosBegin + ContentHash.DIGITS;
    ByteBuffer chunk = littleEndian((int) Math.min(CHUNK_BYTES, fileBytes));
    for (long begin = 0; begin < fileBytes; begin += chunk.limit()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), fileBytes - begin));
      readFully(chunk, begin);
      long end = begin + chunk.limit();
      for (long i = Math.max(begin, zerosBegin); i < Math.min(end, zerosEnd); i++) {
        chunk.put((int) (i - begin), (byte) '0');
      }
      hash.update(chunk.flip());
    }
    return hash.digits();
  }

  private interface ChunkSink {
    void accept(int firstElement, ByteBuffer chunk);
  }

  private void readChunks(Entry entry, ChunkSink sink) throws IOException {
    requireOpen();
    int elementBytes = entry.spec().type().bytes();
    long byteCount = entry.spec().byteCount();
    ByteBuffer chunk = littleEndian((int) Math.min(CHUNK_BYTES, byteCount));
    for (long done = 0; done < byteCount; done += chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK_BYTES, byteCount - done));
      readFully(chunk, dataStart + entry.begin() + done);
      sink.accept((int) (done / elementBytes), chunk.flip());
    }
  }

  private void readFully(ByteBuffer into, long position) throws IOException {
    try {
      file.readFully(into, position);
    } catch (EOFException e) {
      throw new InvalidInputException(path + ": became shorter while it was read; try again", e);
    }
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new InvalidInputException(
          path + ": has no tensor " + Damage.quote(name) + "; it belongs to another kind of net");
    }
    return entry;
  }

  private void requireType(Entry entry, boolean fits, String wanted) {
    if (!fits) {
      throw new InvalidInputException(
          "%s: tensor %s holds %s where %s are needed; it belongs to another kind of net"
              .formatted(path, Damage.quote(entry.spec().name()), entry.spec().type(), wanted));
    }
  }

  private int arrayLength(Entry entry) {
    long count = entry.spec().elementCount();
    if (count > MAX_ARRAY_LENGTH) {
      throw new InvalidInputException(
          "%s: tensor %s has %d elements, more than one Java array holds; split it"
              .formatted(path, Damage.quote(entry.spec().name()), count));
    }
    return (int) count;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the reader of " + path + " is closed");
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
