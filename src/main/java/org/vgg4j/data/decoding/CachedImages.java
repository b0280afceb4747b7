package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;

/** The images of a whole cache, which the system pages in and out of memory. */
final class CachedImages implements ImageSource {
  private final String name;
  private final List<String> classNames;
  private final PictureList list;
  private final CacheFiles files;
  private final CacheIndex index;
  private final MappedFile pixels;

  /**
   * Opens a cache.
   *
   * @throws IOException when it is damaged
   */
  CachedImages(PictureList list, CacheFiles files, CacheIndex index) throws IOException {
    name = list.name();
    this.list = list;
    classNames = List.copyOf(list.classNames());
    this.files = files;
    this.index = index;
    pixels = new MappedFile(files.pixels());
    if (pixels.length() != index.header().pixelBytes()
        || pixels.getLong(0) != index.header().identity()) {
      throw new IOException("its pixels do not belong to its index");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  /** {@inheritDoc} Where files were left out nobody knows which one an image came from. */
  @Override
  public String imageName(int image) {
    return leftOut() == 0 ? list.file(Objects.checkIndex(image, size())).toString() : null;
  }

  @Override
  public int size() {
    return index.header().images();
  }

  @Override
  public int leftOut() {
    return index.header().bad();
  }

  @Override
  public int label(int image) {
    return at(image).label();
  }

  @Override
  public ImageShape shape(int image) {
    return at(image).shape();
  }

  @Override
  public ImageShape commonShape() {
    return index.header().common();
  }

  @Override
  public boolean knowsShapes() {
    return true;
  }

  private CachedImage at(int image) {
    return index.image(Objects.checkIndex(image, size()));
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    CachedImage at = at(image);
    target.put(offset, pixels.loaded(at.offset(), at.bytes()), 0, at.bytes());
    // Of the copy: the system may have paged the file's own bytes out again.
    if (CachedImage.crc32c(target.slice(offset, at.bytes())) != at.crc32c()) {
      throw damaged(image);
    }
  }

  /** Takes the cache back, so that the next process makes another. */
  private InvalidInputException damaged(int image) {
    try {
      Files.deleteIfExists(files.index());
    } catch (IOException e) {
      // Then it is said again.
    }
    return new InvalidInputException(
        "image %d of %s is damaged in its cache %s; start again: the pictures are then decoded anew"
            .formatted(image, name, files.folder()));
  }

  /** Adds what the index says, which has a checksum of each image. */
  @Override
  public void addTo(CRC32C crc, int image) {
    CachedImage at = at(image);
    ByteBuffer numbers = ByteBuffer.allocate(4 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    numbers.putInt(at.crc32c()).putInt(at.channels()).putInt(at.height()).putInt(at.width());
    crc.update(numbers.flip());
  }
}
