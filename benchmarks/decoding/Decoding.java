
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.decoding.CacheOptions;
import org.vgg4j.data.decoding.DecodingListener;
import org.vgg4j.data.decoding.OnBadImage;
import org.vgg4j.data.decoding.PictureCache;
import org.vgg4j.data.decoding.PictureList;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.preprocessing.Preprocessing;

/**
 * Images a second from a folder of picture files, and from the cache that is made of them:
 * {@code FOLDER THREADS ROUNDS}. Each round decodes the folder into a new cache, then reads batches
 * of a net's input from it; the first only warms up.
 */
public final class Decoding {
  private static final int BATCH = 64;
  private static final int SIDE = 224;

  private Decoding() {}

  private record Listed(List<Path> files, List<String> classNames) implements PictureList {
    @Override
    public String name() {
      return "the folder";
    }

    @Override
    public int size() {
      return files.size();
    }

    @Override
    public Path file(int index) {
      return files.get(index);
    }

    @Override
    public int label(int index) {
      return classNames.indexOf(files.get(index).getParent().getFileName().toString());
    }
  }

  /** Prints a line a round and kind: files or cache, and images a second. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int threads = Integer.parseInt(arguments[1]);
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    List<String> classes =
        files.stream().map(f -> f.getParent().getFileName().toString()).distinct().toList();
    Preprocessing how = Preprocessing.torchvision(SIDE);
    for (int round = 0; round <= Integer.parseInt(arguments[2]); round++) {
      Path caches = Files.createTempDirectory("vgg4j-decoding");
      CacheOptions options =
          new CacheOptions(caches, how.resize(), OnBadImage.STOP, threads);
      long start = System.nanoTime();
      ImageSource images =
          PictureCache.open(new Listed(files, classes), options, DecodingListener.NONE);
      print(round, "files", files.size(), start);
      start = System.nanoTime();
      try (BatchLoader loader = new BatchLoader(images, BATCH, how)) {
        int count = 0;
        for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
          count += batch.size();
        }
        print(round, "cache", count, start);
      }
      try (Stream<Path> left = Files.walk(caches)) {
        for (Path file : left.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void print(int round, String kind, int images, long start) {
    if (round > 0) {
      System.out.printf("vgg4j %s %.0f%n", kind, images / ((System.nanoTime() - start) / 1e9));
    }
  }
}
