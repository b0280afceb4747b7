package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.testing.Images;

/** The sample of the checkout, and the whole set where it is installed. */
class SampleTest {
  private static final Path SAMPLE = Path.of(System.getProperty("basedir", "."), "data", "sample");

  @TempDir Path folder;

  @Test
  void theSampleIsBalanced() {
    FashionMnist sample = sample();
    assertTrue(sample.isSample());
    assertBalanced(sample.train(), 600);
    assertBalanced(sample.test(), 100);
  }

  @Test
  void theWholeSetIsBalanced() {
    FashionMnist whole = whole();
    assertFalse(whole.isSample());
    assertBalanced(whole.train(), 6000);
    assertBalanced(whole.test(), 1000);
  }

  /** The hashes of the downloads are those of Debian's files. */
  @Test
  void theHashesAreThoseOfTheWholeSet() throws Exception {
    Path real = FashionMnistTest.realSet();
    for (Map.Entry<String, String> entry : FashionMnistFiles.SHA_256.entrySet()) {
      Path copy = folder.resolve(entry.getKey());
      assertEquals(
          entry.getValue(), Download.contentHash(real.resolve(entry.getKey()), copy.toUri()));
    }
  }

  @Test
  void theSampleIsTheFirstOfEachClass() {
    FashionMnist whole = whole();
    FashionMnist sample = sample();
    assertCut(whole.train(), sample.train(), 600);
    assertCut(whole.test(), sample.test(), 100);
  }

  /** The same content; the packing may differ from one zlib to another. */
  @Test
  void theSampleIsWhatItsProgramCuts() throws Exception {
    Path real = FashionMnistTest.realSet();
    CutSample.main(new String[] {real.toString(), folder.toString()});
    for (String name : FashionMnistFiles.names()) {
      int axes = name.contains("images") ? 3 : 1;
      IdxFile cut = IdxFile.read(folder.resolve(name), axes);
      IdxFile kept = IdxFile.read(SAMPLE.resolve(name), axes);
      assertArrayEquals(cut.dims(), kept.dims());
      assertArrayEquals(cut.bytes(), kept.bytes());
    }
  }

  @Test
  void theSampleIsSmallAndHasItsLicence() throws Exception {
    long bytes = 0;
    for (String name : FashionMnistFiles.names()) {
      bytes += Files.size(SAMPLE.resolve(name));
    }
    assertTrue(bytes < 3_500_000, "the sample has " + bytes + " bytes");
    assertTrue(Files.readString(SAMPLE.resolve("LICENSE")).contains("Zalando"));
  }

  private static FashionMnist sample() {
    DataPlaces places = DataPlaces.ofThisMachine();
    return FashionMnist.load(
        "sample",
        new DataPlaces(
            null, places.cache(), places.system(), SAMPLE, places.fashionMnist(), places.cifar()),
        DownloadListener.NONE);
  }

  private static FashionMnist whole() {
    return FashionMnist.load(
        FashionMnistTest.realSet().toString(), DataPlaces.ofThisMachine(), DownloadListener.NONE);
  }

  private static void assertBalanced(ImageSource data, int each) {
    assertEquals(new ImageShape(1, 28, 28), data.commonShape());
    assertEquals(10 * each, data.size());
    int[] counts = new int[10];
    for (int i = 0; i < data.size(); i++) {
      counts[data.label(i)]++;
    }
    int[] expected = new int[10];
    Arrays.fill(expected, each);
    assertArrayEquals(expected, counts);
  }

  private static void assertCut(ImageSource whole, ImageSource sample, int each) {
    int[] taken = new int[10];
    int next = 0;
    for (int i = 0; i < whole.size(); i++) {
      if (taken[whole.label(i)]++ < each) {
        assertEquals(whole.label(i), sample.label(next));
        assertArrayEquals(Images.bytes(whole, i), Images.bytes(sample, next));
        next++;
      }
    }
    assertEquals(sample.size(), next);
  }
}
