package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

/** Each class gives its share, each image is on one side, and the seed says on which. */
final class SplitTest {
  /** Image i has the bytes of i; classes of these sizes, one after another. */
  private static ImageSource images(int... sizes) {
    int[] labels =
        IntStream.range(0, sizes.length)
            .flatMap(c -> IntStream.generate(() -> c).limit(sizes[c]))
            .toArray();
    byte[] pixels = new byte[4 * labels.length];
    for (int i = 0; i < labels.length; i++) {
      java.nio.ByteBuffer.wrap(pixels).putInt(4 * i, i);
    }
    List<String> names = IntStream.range(0, sizes.length).mapToObj(c -> "class " + c).toList();
    return new InMemoryImages("all", new ImageShape(1, 2, 2), names, pixels, labels);
  }

  private static List<Integer> numbers(ImageSource part) {
    return IntStream.range(0, part.size())
        .mapToObj(i -> java.nio.ByteBuffer.wrap(Images.bytes(part, i)).getInt())
        .toList();
  }

  private static int[] counts(ImageSource part) {
    int[] counts = new int[part.classNames().size()];
    IntStream.range(0, part.size()).forEach(i -> counts[part.label(i)]++);
    return counts;
  }

  @ParameterizedTest
  @CsvSource({"0.1, 10, 1, 0, 1, 30", "0.5, 50, 1, 0, 2, 150", "0.999, 99, 1, 0, 2, 299"})
  void eachClassGivesItsShare(double share, int first, int two, int one, int three, int many) {
    ImageSource all = images(100, 2, 1, 3, 300);
    DataSet.Parts parts = new Split(share, 3).of(all);
    assertArrayEquals(new int[] {first, two, one, three, many}, counts(parts.test()));
    List<Integer> both = new ArrayList<>(numbers(parts.train()));
    both.addAll(numbers(parts.test()));
    Collections.sort(both);
    assertEquals(IntStream.range(0, 406).boxed().toList(), both);
    for (ImageSource part : List.of(parts.train(), parts.test())) {
      List<Integer> numbers = numbers(part);
      assertEquals(numbers.stream().sorted().toList(), numbers, "the order is kept");
      for (int i = 0; i < part.size(); i++) {
        assertEquals(all.label(numbers.get(i)), part.label(i));
      }
    }
  }

  @Test
  void theSeedAloneSaysWhich() {
    ImageSource all = images(500, 500);
    List<Integer> held = numbers(new Split(0.2, 7).of(all).test());
    assertEquals(held, numbers(new Split(0.2, 7).of(all).test()));
    assertNotEquals(held, numbers(new Split(0.2, 8).of(all).test()));
  }

  /** Of 300 seeds, each image of ten is held out some 90 times at a share of 0.3. */
  @Test
  void noImageIsPreferred() {
    int[] times = new int[20];
    for (int seed = 0; seed < 300; seed++) {
      numbers(new Split(0.3, seed).of(images(10, 10)).test()).forEach(i -> times[i]++);
    }
    // Five standard deviations of a binomial count: sqrt(300 * 0.3 * 0.7) is 7.9.
    assertTrue(
        Arrays.stream(times).allMatch(count -> Math.abs(count - 90) <= 40), Arrays.toString(times));
  }

  @Test
  void checksumsTellPartsApart() {
    DataSet.Parts parts = new Split(0.2, 7).of(images(50, 50));
    assertNotEquals(parts.train().checksum(), parts.test().checksum());
    DataSet.Parts others = new Split(0.2, 8).of(images(50, 50));
    assertNotEquals(parts.train().checksum(), others.train().checksum());
    assertEquals(parts.train().checksum(), new Split(0.2, 7).of(images(50, 50)).train().checksum());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY})
  void sharesThatAreNone(double share) {
    String message =
        assertThrows(InvalidInputException.class, () -> new Split(share, 1)).getMessage();
    assertEquals("heldOut must be above 0 and below 1, such as 0.1, not " + share, message);
  }

  @Test
  void classesOfOneImageEachAreRefused() {
    assertThrows(InvalidInputException.class, () -> new Split(0.5, 1).of(images(1, 1, 1)));
  }
}
