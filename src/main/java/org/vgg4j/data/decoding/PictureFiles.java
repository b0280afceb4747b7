package org.vgg4j.data.decoding;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Picture files (PNG, JPEG, GIF, BMP, TIFF) as unlabelled images, for a net's preprocessing. Each
 * is decoded when it is read; only one is held in memory.
 *
 * <p>Transparent pixels count as white, EXIF's orientation is followed, colour profiles of red,
 * green and blue are not, as in Pillow. A net of one channel gets pictures in grey.
 */
public final class PictureFiles implements ImageSource {
  private static final ImageShape FASHION = new ImageShape(1, FashionForm.SIDE, FashionForm.SIDE);

  private final List<Path> files;
  private final Preprocessing preprocessing;
  private final boolean[] inverted;
  private int current = -1; // the index of the picture
  private Picture picture;

  /**
   * Names the files, none of which is read yet.
   *
   * @param preprocessing that of the net that will see them, which says how far each is prepared
   *     here
   * @throws InvalidInputException when there are none, one is not a file, or the net has neither
   *     one nor three channels
   */
  public PictureFiles(List<Path> files, Preprocessing preprocessing) {
    this.files = List.copyOf(files);
    this.preprocessing = preprocessing;
    inverted = new boolean[files.size()];
    int channels = preprocessing.channels();
    if (preprocessing.fit() != PictureFit.FASHION && channels != 1 && channels != 3) {
      throw new InvalidInputException(
          "a net of %d channels takes no picture files, only one of 1 or 3".formatted(channels));
    }
    require(files);
  }

  /**
   * Checks that there are files to read, before anything is done for them.
   *
   * @throws InvalidInputException when there are none or one is not a file
   */
  public static void require(List<Path> files) {
    if (files.isEmpty()) {
      throw new InvalidInputException("there are no pictures");
    }
    files.forEach(PictureDecoder::requireFile);
  }

  @Override
  public String name() {
    return "the pictures";
  }

  @Override
  public List<String> classNames() {
    return List.of("unknown");
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public int label(int image) {
    return 0;
  }

  @Override
  public ImageShape commonShape() {
    return preprocessing.fit() == PictureFit.FASHION ? FASHION : null;
  }

  @Override
  public synchronized ImageShape shape(int image) {
    if (commonShape() != null) {
      return commonShape();
    }
    Picture at = picture(image);
    return new ImageShape(at.channels(), at.height(), at.width());
  }

  @Override
  public synchronized void read(int image, ByteBuffer target, int offset) {
    target.put(offset, picture(image).values());
  }

  /** Returns whether light and dark of a picture that was read were exchanged. */
  public synchronized boolean isInverted(int image) {
    return inverted[image];
  }

  private Picture picture(int image) {
    if (image != current) {
      current = -1;
      picture = null; // so that two are never held
      picture = prepared(image, PictureDecoder.decode(files.get(image)));
      current = image;
    }
    return picture;
  }

  private Picture prepared(int image, Picture decoded) {
    if (preprocessing.fit() == PictureFit.FASHION) {
      FashionForm form = new FashionForm(decoded);
      inverted[image] = isInverted(form.border());
      return form.image(inverted[image]);
    }
    Picture wanted = preprocessing.channels() == 1 ? decoded.grey() : decoded;
    inverted[image] = isInverted(Border.mean(wanted.height(), wanted.width(), wanted::luma));
    return inverted[image] ? wanted.inverted() : wanted;
  }

  private boolean isInverted(double border) {
    return switch (preprocessing.inversion()) {
      case AUTO -> border > 127.5;
      case ALWAYS -> true;
      case NEVER -> false;
    };
  }
}
