package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.tensor.InvalidInputException;

final class PreprocessingTest {
  private static final Preprocessing OTHER =
      new Preprocessing(3, 256, 224, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));

  @Test
  void theDefaultResizesAndDividesOnly() {
    Preprocessing grey = Preprocessing.of(1, 32);
    assertEquals(new Preprocessing(1, 32, 32, List.of(0.0), List.of(1.0)), grey);
    assertTrue(grey.isDefault());
    assertTrue(Preprocessing.of(3, 224).isDefault());
    assertFalse(OTHER.isDefault());
    assertFalse(new Preprocessing(1, 33, 32, List.of(0.0), List.of(1.0)).isDefault());
    assertFalse(new Preprocessing(1, 32, 32, List.of(0.1), List.of(1.0)).isDefault());
    assertFalse(new Preprocessing(1, 32, 32, List.of(0.0), List.of(2.0)).isDefault());
  }

  /**
   * By hand: the middle 2 x 2 of 4 x 4 that need no resizing, then (pixel / 255 - mean) /
   * deviation.
   */
  @Test
  void cropAndNormalizationByHand() {
    byte[] pixels = new byte[16];
    for (int i = 0; i < 16; i++) {
      pixels[i] = (byte) (17 * i); // 17 is a fifteenth of 255
    }
    ImageSource data =
        new InMemoryImages("one", new ImageShape(1, 4, 4), List.of("a"), pixels, new int[1]);
    Preprocessing net = new Preprocessing(2, 4, 2, List.of(0.0, 0.6), List.of(1.0, 0.2));
    float[] x = new float[8];
    try (BatchLoader loader = new BatchLoader(data, 1, net)) {
      loader.next().images().bytes().asFloatBuffer().get(x);
    }
    // Pixels 5, 6, 9 and 10 of fifteen: 1/3, 2/5, 3/5 and 2/3; less 3/5, times 5.
    float[] expected = {1 / 3f, 0.4f, 0.6f, 2 / 3f, -4 / 3f, -1, 0, 1 / 3f};
    assertArrayEquals(expected, x, 1e-6f);
  }

  /** Rec. 601: 0.299, 0.587 and 0.114 of red, green and blue, rounded to the nearest level. */
  @Test
  void aNetOfOneChannelTakesColourInGrey() {
    byte[] pixels = {(byte) 200, 10, 100, 20, 50, (byte) 250};
    ImageSource data =
        new InMemoryImages("two", new ImageShape(3, 1, 1), List.of("a"), pixels, new int[2]);
    float[] x = new float[2];
    try (BatchLoader loader =
        new BatchLoader(data.forChannels(1), 2, Preprocessing.ofPictures(1, 1))) {
      loader.next().images().bytes().asFloatBuffer().get(x);
    }
    // 59.8 + 5.87 + 11.4 = 77.07 and 5.98 + 29.35 + 28.5 = 63.83.
    assertArrayEquals(new float[] {77 / 255f, 64 / 255f}, x, 1e-6f);
  }

  @Test
  void whatIsWrittenAsJsonComesBack() throws Exception {
    ObjectMapper json = new ObjectMapper();
    Preprocessing torch = Preprocessing.torchvision(224);
    for (Preprocessing one :
        List.of(
            Preprocessing.of(1, 32),
            OTHER,
            torch,
            torch.withInversion(Inversion.AUTO),
            Preprocessing.of(1, 32).withFit(PictureFit.SQUARE),
            Preprocessing.of(1, 32).withFit(PictureFit.SHORTER).withInversion(Inversion.ALWAYS),
            Preprocessing.of(3, 32).withFit(PictureFit.FASHION))) {
      String text = json.writeValueAsString(one.toMap());
      assertEquals(one, Preprocessing.fromMap(json.readValue(text, Map.class)));
    }
    assertEquals(
        "{\"channels\":1,\"resize\":32,\"crop\":32,\"filter\":\"bilinear\","
            + "\"mean\":[0.0],\"deviation\":[1.0]}",
        json.writeValueAsString(Preprocessing.of(1, 32).toMap()));
    assertEquals(
        "{\"channels\":3,\"fit\":\"shorter\",\"resize\":256,\"crop\":224,\"filter\":\"antialiased\","
            + "\"mean\":[0.485,0.456,0.406],\"deviation\":[0.229,0.224,0.225]}",
        json.writeValueAsString(torch.toMap()));
    Map<String, Object> whole = new LinkedHashMap<>(Preprocessing.of(1, 32).toMap());
    whole.put("mean", List.of(0)); // as another program may write it
    assertEquals(Preprocessing.of(1, 32), Preprocessing.fromMap(whole));
  }

  @ParameterizedTest
  @CsvSource({"channels", "resize", "crop", "filter", "mean", "deviation", "fit", "inversion"})
  void aMapThatLacksOrSpoilsAValueIsRefused(String key) {
    Map<String, Object> map = OTHER.toMap();
    for (Object value :
        Arrays.asList(null, "bicubic", -1, 2.5, List.of(), List.of("a", "b", "c"))) {
      map.put(key, value);
      assertThrows(InvalidInputException.class, () -> Preprocessing.fromMap(map), () -> "" + value);
    }
    map.remove(key);
    if (key.equals("fit") || key.equals("inversion")) {
      assertEquals(OTHER, Preprocessing.fromMap(map)); // files of before have neither
      return;
    }
    assertThrows(InvalidInputException.class, () -> Preprocessing.fromMap(map));
  }

  /** What an engine may do itself does not depend on how picture files are prepared. */
  @Test
  void onlyResizingIsTold() {
    Preprocessing grey = Preprocessing.of(1, 32);
    for (Preprocessing one :
        List.of(
            grey,
            grey.withFit(PictureFit.SQUARE),
            grey.withInversion(Inversion.ALWAYS),
            Preprocessing.of(3, 32).withFit(PictureFit.FASHION))) {
      assertTrue(one.onlyResizes(), one.toString());
    }
    for (Preprocessing one :
        List.of(
            grey.withFit(PictureFit.SHORTER),
            grey.withFilter(ResizeFilter.ANTIALIASED),
            grey.withResize(33),
            grey.withNormalization(List.of(0.1), List.of(1.0)),
            grey.withNormalization(List.of(0.0), List.of(0.5)))) {
      assertFalse(one.onlyResizes(), one.toString());
    }
  }

  @Test
  void valuesThatCannotBeAreRefused() {
    refused(0, 4, 4, List.of(), List.of());
    refused(1, 4, 0, List.of(0.0), List.of(1.0));
    refused(1, 4, 5, List.of(0.0), List.of(1.0));
    refused(2, 4, 4, List.of(0.0), List.of(1.0, 1.0));
    refused(2, 4, 4, List.of(0.0, 0.0), List.of(1.0));
    refused(1, 4, 4, List.of(Double.NaN), List.of(1.0));
    for (double deviation : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused(1, 4, 4, List.of(0.0), List.of(deviation));
    }
  }

  private static void refused(
      int channels, int resize, int crop, List<Double> mean, List<Double> deviation) {
    assertThrows(
        InvalidInputException.class,
        () -> new Preprocessing(channels, resize, crop, mean, deviation));
  }

  @Test
  void itSaysWhichNetItDoesNotFit() {
    OTHER.requireFits(3, 224);
    assertThrows(InvalidInputException.class, () -> OTHER.requireFits(1, 224));
    assertEquals(
        "a preprocessing to 3x224x224 does not fit a net for 3x256x256",
        assertThrows(InvalidInputException.class, () -> OTHER.requireFits(3, 256)).getMessage());
  }
}
