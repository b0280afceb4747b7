package org.vgg4j.data.decoding;

import java.nio.ByteBuffer;
import java.util.List;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/** Listed pictures, each decoded whenever it is read; a thread keeps its last. */
public final class DecodedPictures implements ImageSource {
  private final PictureList list;
  private final ThreadLocal<Decoded> last = new ThreadLocal<>();

  private record Decoded(int image, Picture picture) {}

  /** Takes a list; nothing is read yet. */
  public DecodedPictures(PictureList list) {
    this.list = list;
  }

  private Picture picture(int image) {
    Decoded decoded = last.get();
    if (decoded == null || decoded.image != image) {
      decoded = new Decoded(image, PictureDecoder.decode(list.file(image)));
      last.set(decoded);
    }
    return decoded.picture;
  }

  @Override
  public String name() {
    return list.name();
  }

  @Override
  public List<String> classNames() {
    return list.classNames();
  }

  @Override
  public int size() {
    return list.size();
  }

  @Override
  public int label(int image) {
    return list.label(image);
  }

  @Override
  public ImageShape shape(int image) {
    Picture at = picture(image);
    return new ImageShape(at.channels(), at.height(), at.width());
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    target.put(offset, picture(image).values());
  }
}
