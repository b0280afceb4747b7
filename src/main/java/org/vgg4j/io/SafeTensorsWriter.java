package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Writes safetensors files atomically, with a hash of the contents. The same tensors and metadata
 * give the same bits.
 *
 * <p>The SHA-256 is in {@code __metadata__} under {@code vgg4j.sha256}. It covers the whole file,
 * with zeros for its own 64 digits.
 *
 * <p>Source: <a href="https://github.com/huggingface/safetensors#format">the format</a>.
 */
public final class SafeTensorsWriter {
  private static final int CHUNK_BYTES = 1 << 18;

  private SafeTensorsWriter() {}

  /** Writes a file on the machine's file system; see the method with all parameters. */
  public static FileChecksums write(
      Path target, List<SafeTensor> tensors, Map<String, String> metadata) throws IOException {
    return write(target, tensors, metadata, FileOperations.SYSTEM);
  }

  /**
   * Writes a file and reads it back once before renaming it. Tensors with wider elements come first
   * and otherwise keep the given order, so that all data are aligned, as in files of the format's
   * reference implementation. Holds at most the header and one tensor that was not in memory.
   *
   * @param metadata strings for {@code __metadata__}; a hash among them is replaced
   * @throws IllegalArgumentException when two tensors have the same name, or the header would be
   *     longer than the format's 100 MB
   * @return the checksums of what was read back
   * @throws IllegalStateException when a source supplies the wrong number of bytes
   * @throws IOException when the file could not be written; a file of this name is then unchanged
   */
  public static FileChecksums write(
      Path target, List<SafeTensor> tensors, Map<String, String> metadata, FileOperations files)
      throws IOException {
    return writeStreamed(
        target, tensors.stream().map(StreamedTensor::of).toList(), metadata, files);
  }

  /** Writes a file as {@link #write} does; holds no more of a tensor than its pieces. */
  public static FileChecksums writeStreamed(
      Path target, List<StreamedTensor> tensors, Map<String, String> metadata, FileOperations files)
      throws IOException {
    List<StreamedTensor> ordered = widestFirst(tensors);
    List<SafeTensorSpec> specs = ordered.stream().map(StreamedTensor::spec).toList();
    requireDistinctNames(specs);
    SortedMap<String, String> sorted = new TreeMap<>(metadata);
    sorted.put(ContentHash.KEY, ContentHash.ZEROS);
    byte[] header = SafeTensorsHeader.encode(specs, sorted);
    if (header.length > SafeTensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException("the header of " + target + " is longer than 100 MB");
    }
    long hashPosition = HeaderParser.parse(target, header).hashPosition();
    String[] hash = new String[1];
    FileChecksums[] checksums = new FileChecksums[1];
    AtomicFile.write(
        target,
        file -> {
          hash[0] = writeContents(file, header, ordered);
          long position = SafeTensorsHeader.LENGTH_BYTES + hashPosition;
          file.writeFully(StandardCharsets.US_ASCII.encode(hash[0]), position);
        },
        written -> checksums[0] = readBack(written, hash[0], files),
        files);
    return checksums[0];
  }

  private static FileChecksums readBack(Path written, String hash, FileOperations files)
      throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(written, files)) {
      FileChecksums checksums = reader.verifiedChecksums();
      if (!hash.equals(reader.metadata().get(ContentHash.KEY))) {
        throw new IOException("the file reads back with a different hash");
      }
      return checksums;
    } catch (InvalidInputException e) {
      throw new IOException("the file reads back differently than written: " + e.getMessage(), e);
    }
  }

  private static String writeContents(FileHandle file, byte[] header, List<StreamedTensor> tensors)
      throws IOException {
    ByteBuffer start =
        ByteBuffer.allocate(SafeTensorsHeader.LENGTH_BYTES + header.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(header.length).put(header).flip();
    ContentHash hash = new ContentHash();
    hash.update(start);
    long[] position = {start.remaining()};
    file.writeFully(start, 0);
    for (StreamedTensor tensor : tensors) {
      long end = position[0] + tensor.spec().byteCount();
      tensor
          .pieces()
          .writeTo(
              bytes -> {
                hash.update(bytes);
                while (bytes.hasRemaining()) { // in chunks: they are buffered outside the heap
                  int count = Math.min(CHUNK_BYTES, bytes.remaining());
                  file.writeFully(bytes.slice(bytes.position(), count), position[0]);
                  bytes.position(bytes.position() + count);
                  position[0] += count;
                }
              });
      if (position[0] != end) {
        throw new IllegalStateException(
            "the pieces of %s gave %d bytes too %s"
                .formatted(
                    tensor.spec(),
                    Math.abs(end - position[0]),
                    end > position[0] ? "few" : "many"));
      }
    }
    return hash.digits();
  }

  private static List<StreamedTensor> widestFirst(List<StreamedTensor> tensors) {
    Comparator<StreamedTensor> byWidth =
        Comparator.comparingInt(tensor -> tensor.spec().type().bytes());
    return tensors.stream().sorted(byWidth.reversed()).toList();
  }

  private static void requireDistinctNames(List<SafeTensorSpec> specs) {
    Set<String> names = new HashSet<>();
    for (SafeTensorSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("two tensors are named " + spec.name());
      }
    }
  }
}
