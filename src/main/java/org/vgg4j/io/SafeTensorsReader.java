package org.vgg4j.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.vgg4j.io.SafeTensorsHeader.Entry;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Reads safetensors files. Opening checks the whole layout; a tensor's data are read on request, in
 * chunks. Not thread-safe.
 *
 * <p>Every problem with the file is a one-line {@link InvalidInputException}; an {@link
 * IOException} means that the disk failed.
 *
 * <p>Source: <a href="https://github.com/huggingface/safetensors#format">the format</a>.
 */
public final class SafeTensorsReader implements AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 18;

  /** Smaller tensors are copied: a mapping takes whole pages and a call. */
  private static final int MAPPED_BYTES = 1 << 20;

  private final Path path;
  private final FileHandle file;
  private final long fileBytes;
  private final byte[] start; // up to the data
  private final Map<String, String> metadata;
  private final int hashPosition;
  private final Map<String, Entry> entries = new LinkedHashMap<>(); // in the order of the data
  private boolean closed;

  private SafeTensorsReader(Path path, FileHandle file) throws IOException {
    this.path = path;
    this.file = file;
    fileBytes = file.size();
    start = readStart();
    byte[] json = Arrays.copyOfRange(start, SafeTensorsHeader.LENGTH_BYTES, start.length);
    SafeTensorsHeader parsed = HeaderParser.parse(path, json);
    metadata = parsed.metadata();
    hashPosition = parsed.hashPosition();
    for (Entry entry : DataLayout.checked(path, parsed.entries(), fileBytes - start.length)) {
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
   * @throws InvalidInputException when the file does not exist or is not a complete, valid
   *     safetensors file
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

  /** Returns the tensors, in the order of their data. */
  public List<SafeTensorSpec> tensors() {
    return entries.values().stream().map(Entry::spec).toList();
  }

  /** Returns whether the file has a tensor of this name. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /**
   * Returns a tensor's description.
   *
   * @throws InvalidInputException when the file has no tensor of this name
   */
  public SafeTensorSpec tensor(String name) {
    return entry(name).spec();
  }

  /** Returns the strings under {@code __metadata__}, including the hash; may be empty. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Compares the file with its hash, if it has one, by reading it whole.
   *
   * @return UNVERIFIED when it has none
   * @throws InvalidInputException when the contents do not match the hash
   */
  public Verification verify() throws IOException {
    requireOpen();
    if (!metadata.containsKey(ContentHash.KEY)) {
      return Verification.UNVERIFIED;
    }
    ContentHash content = startOfContent();
    for (Entry entry : entries.values()) {
      readChunks(entry, content::update);
    }
    requireHash(content);
    return Verification.VERIFIED;
  }

  /** Verifies a file with a hash and returns its checksums from the same read. */
  FileChecksums verifiedChecksums() throws IOException {
    ContentHash content = startOfContent();
    FileChecksums checksums = checksums((entry, chunk) -> content.update(chunk));
    requireHash(content);
    return checksums;
  }

  /**
   * The complete contents of a file.
   *
   * @param tensors copies, in the order of their data
   * @param checksums of what was read
   */
  public record Contents(List<SafeTensor> tensors, FileChecksums checksums) {}

  /**
   * Reads everything, each byte once. The caller must check the checksums; the hash in the file is
   * ignored.
   *
   * @throws InvalidInputException when a tensor is larger than a Java array
   */
  public Contents readAll() throws IOException {
    Map<Entry, ByteBuffer> data = new LinkedHashMap<>();
    for (Entry entry : entries.values()) {
      data.put(entry, entry.spec().allocate(path, entry.spec().type()));
    }
    FileChecksums checksums = checksums((entry, chunk) -> data.get(entry).put(chunk));
    List<SafeTensor> tensors = new ArrayList<>();
    data.forEach((entry, bytes) -> tensors.add(new SafeTensor(entry.spec(), bytes::rewind)));
    return new Contents(tensors, checksums);
  }

  /**
   * Returns a tensor's values, row-major and little-endian, as another type: floating-point numbers
   * as F32 or F64, integers as I64. F64 is rounded to the nearest F32, out of range to infinity;
   * all else is exact. A large tensor that has the type already is mapped, not copied.
   *
   * @throws InvalidInputException when the tensor is missing or holds the other kind of numbers
   */
  public ByteBuffer read(String name, SafeTensorType type) throws IOException {
    requireOpen();
    Entry entry = entry(name);
    long byteCount = entry.spec().byteCount();
    if (type == entry.spec().type() && byteCount >= MAPPED_BYTES && byteCount < Integer.MAX_VALUE) {
      return mapped(entry, (int) byteCount);
    }
    ByteBuffer bytes = entry.spec().allocate(path, entry.spec().type());
    readChunks(entry, bytes::put);
    return ElementDecoder.convert(path, entry.spec(), bytes.flip(), type);
  }

  private ByteBuffer mapped(Entry entry, int byteCount) throws IOException {
    try {
      return file.map(start.length + entry.begin(), byteCount);
    } catch (EOFException e) {
      throw shorter(e);
    }
  }

  private InvalidInputException shorter(EOFException e) {
    return new InvalidInputException(path + ": became shorter while it was read; try again", e);
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    closed = true;
    file.close();
  }

  /** Reads the header's length and the header, unparsed. */
  private byte[] readStart() throws IOException {
    if (fileBytes < SafeTensorsHeader.LENGTH_BYTES) {
      throw Damage.of(path, "the file has only " + fileBytes + " bytes");
    }
    ByteBuffer length = littleEndian(SafeTensorsHeader.LENGTH_BYTES);
    readFully(length, 0);
    long headerBytes = length.getLong(0);
    long left = fileBytes - SafeTensorsHeader.LENGTH_BYTES;
    if (headerBytes < 0 || headerBytes > Math.min(left, SafeTensorsHeader.MAX_BYTES)) {
      ForeignFile.refuse(path, file);
    }
    if (headerBytes < 0 || headerBytes > SafeTensorsHeader.MAX_BYTES) {
      String size = Long.toUnsignedString(headerBytes);
      throw Damage.of(path, "the header of " + size + " bytes is too long (at most 100000000)");
    }
    if (headerBytes > left) {
      String text = "the header of %d bytes runs beyond the file's %d bytes";
      throw Damage.of(path, text.formatted(headerBytes, fileBytes));
    }
    byte[] all = new byte[SafeTensorsHeader.LENGTH_BYTES + (int) headerBytes];
    length.get(0, all, 0, SafeTensorsHeader.LENGTH_BYTES);
    readFully(
        ByteBuffer.wrap(all, SafeTensorsHeader.LENGTH_BYTES, (int) headerBytes),
        SafeTensorsHeader.LENGTH_BYTES);
    if (headerBytes > 0 && all[SafeTensorsHeader.LENGTH_BYTES] != '{') {
      ForeignFile.refuse(path, file);
    }
    return all;
  }

  /** Returns the hash of the file's start, with zeros for its own digits. */
  private ContentHash startOfContent() {
    byte[] zeroed = start.clone();
    if (hashPosition >= 0) {
      int digits = SafeTensorsHeader.LENGTH_BYTES + hashPosition;
      Arrays.fill(zeroed, digits, digits + ContentHash.DIGITS, (byte) '0');
    }
    ContentHash content = new ContentHash();
    content.update(ByteBuffer.wrap(zeroed));
    return content;
  }

  private void requireHash(ContentHash content) {
    if (hashPosition < 0 || !content.digits().equals(metadata.get(ContentHash.KEY))) {
      throw new InvalidInputException(
          path
              + ": the contents do not match the file's SHA-256; the file was damaged or changed by"
              + " another program: write or get it again");
    }
  }

  private FileChecksums checksums(BiConsumer<Entry, ByteBuffer> sink) throws IOException {
    requireOpen();
    ContentHash hash = new ContentHash();
    hash.update(ByteBuffer.wrap(start));
    Map<String, String> crcs = new LinkedHashMap<>();
    for (Entry entry : entries.values()) {
      CRC32C crc = new CRC32C();
      readChunks(
          entry,
          chunk -> {
            hash.update(chunk);
            crc.update(chunk.duplicate());
            sink.accept(entry, chunk);
          });
      crcs.put(entry.spec().name(), HexFormat.of().toHexDigits((int) crc.getValue()));
    }
    return new FileChecksums(fileBytes, hash.digits(), crcs);
  }

  /** Reads in chunks: a longer read would be buffered outside the heap. */
  private void readChunks(Entry entry, Consumer<ByteBuffer> sink) throws IOException {
    long byteCount = entry.spec().byteCount();
    ByteBuffer chunk = littleEndian((int) Math.min(CHUNK_BYTES, byteCount));
    for (long done = 0; done < byteCount; done += chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK_BYTES, byteCount - done));
      readFully(chunk, start.length + entry.begin() + done);
      sink.accept(chunk.flip());
    }
  }

  private void readFully(ByteBuffer into, long position) throws IOException {
    try {
      file.readFully(into, position);
    } catch (EOFException e) {
      throw shorter(e);
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

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the reader of " + path + " is closed");
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
