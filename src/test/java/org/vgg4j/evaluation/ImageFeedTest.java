package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;
import org.vgg4j.testing.TinyNets;

/** What reaches a net's input is what the preprocessing says, whoever makes it. */
final class ImageFeedTest {
  private static final ImageSource DATA = TinyNets.noise(7, 300);

  /** Of images of 8 x 8 all need no resizing, so that every value is known. */
  private static final List<Preprocessing> PREPROCESSINGS =
      List.of(Preprocessing.of(1, 8), new Preprocessing(1, 8, 8, List.of(0.25), List.of(0.5)));

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void theInputIsThePreprocessedImages(String device) {
    try (Backend backend = Backends.open(device).backend()) {
      assertInputs(backend);
    }
  }

  static void assertInputs(Backend backend) {
    try (Vgg vgg =
        TinyNets.random(
            TinyNets.config("4,M", false, 300, 0), NetworkOptions.training(4, 3), backend)) {
      for (Preprocessing preprocessing : PREPROCESSINGS) {
        int seen = 0;
        ImageFeed feed = new ImageFeed(vgg, preprocessing, DATA);
        try (BatchLoader loader = feed.loader(new BatchSchedule(7, 4, 1), null, 0)) {
          for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
            int rows = batch.size();
            float[] x = new float[rows * 64];
            Execution at = vgg.network().execution(rows);
            feed.load(batch, at);
            at.forward(false);
            at.input().download(x);
            for (int row = 0; row < rows; row++, seen++) {
              assertEquals(DATA.label(seen), batch.label(row));
              byte[] image = Images.bytes(DATA, seen);
              for (int i = 0; i < 64; i++) {
                float scaled = (image[i] & 0xFF) / 255f;
                float expected = preprocessing.isDefault() ? scaled : (scaled - 0.25f) / 0.5f;
                assertEquals(at.input().dtype().round(expected), x[row * 64 + i]);
              }
            }
          }
        }
        assertEquals(7, seen);
      }
    }
  }

  @Test
  void aPreprocessingForAnotherNetIsRefused() {
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M", false, 300, 0), NetworkOptions.inference(4), backend)) {
      Preprocessing other = Preprocessing.of(1, 16);
      assertThrows(InvalidInputException.class, () -> Evaluator.evaluate(vgg, other, DATA));
    }
  }

  /** Labels beyond a byte: each image counts for its own class. */
  @Test
  void hundredsOfClassesAreCounted() {
    ImageSource data = TinyNets.noise(600, 300);
    try (Backend backend = Backends.open("cpu").backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M", false, 300, 0), NetworkOptions.inference(64), backend)) {
      Evaluation evaluation = Evaluator.evaluate(vgg, Preprocessing.of(1, 8), data);
      long[] support = new long[300];
      long[] expected = new long[300];
      for (int i = 0; i < 600; i++) {
        expected[i * 7 % 300]++;
      }
      for (int c = 0; c < 300; c++) {
        support[c] = evaluation.support(c);
      }
      assertArrayEquals(expected, support);
    }
  }
}
