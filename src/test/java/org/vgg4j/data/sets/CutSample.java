package org.vgg4j.data.sets;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * The program that cut {@code data/sample}: of each class the first 600 training and the first 100
 * test images, in the order of the whole set. Arguments: the folder of the whole set, the folder to
 * write.
 */
final class CutSample {
  private CutSample() {}

  /** Cuts the sample. */
  public static void main(String[] arguments) throws IOException {
    Path whole = Path.of(arguments[0]);
    Path sample = Path.of(arguments[1]);
    cut(whole, sample, "train", 600);
    cut(whole, sample, "t10k", 100);
  }

  private static void cut(Path whole, Path sample, String prefix, int perClass) throws IOException {
    IdxFile images = IdxFile.read(whole.resolve(prefix + FashionMnistFiles.IMAGES), 3);
    IdxFile labels = IdxFile.read(whole.resolve(prefix + FashionMnistFiles.LABELS), 1);
    int height = images.dims()[1];
    int width = images.dims()[2];
    int classes = FashionMnist.CLASS_NAMES.size();
    int[] taken = new int[classes];
    try (DataOutputStream imageFile = idx(sample.resolve(prefix + FashionMnistFiles.IMAGES));
        DataOutputStream labelFile = idx(sample.resolve(prefix + FashionMnistFiles.LABELS))) {
      imageFile.writeInt(0x0803);
      imageFile.writeInt(perClass * classes);
      imageFile.writeInt(height);
      imageFile.writeInt(width);
      labelFile.writeInt(0x0801);
      labelFile.writeInt(perClass * classes);
      for (int i = 0; i < labels.dims()[0]; i++) {
        int label = labels.bytes()[i];
        if (taken[label]++ < perClass) {
          imageFile.write(images.bytes(), i * height * width, height * width);
          labelFile.write(label);
        }
      }
    }
  }

  /** Opens a gzip file without a time or a name, so that the same cut gives the same bytes. */
  private static DataOutputStream idx(Path file) throws IOException {
    return new DataOutputStream(new BestGzip(Files.newOutputStream(file)));
  }

  private static final class BestGzip extends GZIPOutputStream {
    BestGzip(OutputStream out) throws IOException {
      super(out, 1 << 16);
      def.setLevel(Deflater.BEST_COMPRESSION);
    }
  }
}
