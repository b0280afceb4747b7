package org.vgg4j.tensorboard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.testing.Events;
import org.vgg4j.testing.Events.Fields;
import org.vgg4j.train.EpochMetrics;

/** Event files, read back by a decoder of the tests. */
final class EventFileTest {
  private static final double TIME = 1_795_703_544.5;

  @TempDir private Path folder;

  private List<Fields> written(long step, Value... values) throws IOException {
    try (EventFile file = EventFile.createIn(folder, TIME)) {
      file.add(TIME, step, List.of(values));
    }
    List<Path> files = Events.files(folder);
    return Events.read(files.get(files.size() - 1));
  }

  @Test
  void theFirstEventIsTheVersion() throws IOException {
    assertFalse(EventFile.isIn(folder));
    Fields first = written(1).get(0);
    assertEquals("brain.Event:2", first.text(3));
    assertEquals(TIME, Double.longBitsToDouble(first.number(1)));
    assertTrue(EventFile.isIn(folder));
  }

  @Test
  void aFileOfTheSameSecondIsAnother() throws IOException {
    written(1);
    written(2);
    assertEquals(2, Events.files(folder).size());
  }

  @Test
  void checksumsAreMasked() {
    // CRC32C of "123456789" is e3069283; turned right by 15 bits, plus a282ead8.
    byte[] bytes = "x123456789".getBytes(StandardCharsets.UTF_8);
    assertEquals(0xC78A_B0E5, EventFile.checksum(bytes, 1, 9));
  }

  @Test
  void scalarsHaveTheirSteps() throws IOException {
    List<Fields> events =
        written(300_000_000_000L, Value.scalar("a/b", 0.25), Value.scalar("ß", Double.NaN));
    assertEquals(List.of("a/b 300000000000 0.25", "ß 300000000000 NaN"), Events.scalars(events));
  }

  @Test
  void epochsSayWhatTheyKnow() throws IOException {
    EpochMetrics whole = new EpochMetrics(7, 1.5, 0.5, 0.25, 0.75, 9, 100, 0.125, 0.0625);
    assertEquals(
        List.of(
            "loss/train 7 1.5",
            "accuracy/train 7 0.5",
            "accuracy/test 7 0.25",
            "accuracy/test_top_five 7 0.75",
            "learning_rate 7 0.0625",
            "images_per_second 7 100.0",
            "wait_seconds 7 0.125"),
        Events.scalars(written(7, EpochEvents.of(whole).toArray(Value[]::new))));
    assertEquals(4, EpochEvents.of(new EpochMetrics(1, 1, 1, 1, 1, 1)).size());
  }

  @Test
  void picturesSayTheirSize() throws IOException {
    byte[] png = new byte[200];
    png[7] = 9;
    Fields value = written(0, Value.image("p", 30, 20, png)).get(1).message(5).message(1);
    Fields image = value.message(4);
    assertEquals(List.of(20L, 30L, 4L), List.of(image.number(1), image.number(2), image.number(3)));
    assertArrayEquals(png, image.bytes(4));
  }

  @Test
  void textsAreTensorsOfThePluginText() throws IOException {
    Fields value = written(0, Value.text("t", "| ü |")).get(1).message(5).message(1);
    assertEquals("text", value.message(9).message(1).text(1));
    Fields tensor = value.message(8);
    assertEquals(7, tensor.number(1));
    assertEquals(1, tensor.message(2).message(2).number(1));
    assertEquals("| ü |", tensor.text(8));
  }

  @Test
  void settingsAreThoseOfHparams() throws IOException {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("n", 0.5);
    settings.put("truth", true);
    settings.put("name", "adam");
    Fields value = written(0, Value.settings(settings, TIME)).get(1).message(5).message(1);
    assertEquals("_hparams_/session_start_info", value.text(1));
    Fields plugin = value.message(9).message(1);
    assertEquals("hparams", plugin.text(1));
    Fields start = plugin.message(2).message(3);
    assertEquals(TIME, Double.longBitsToDouble(start.number(5)));
    List<Fields> entries = start.messages(1);
    assertEquals(List.of("n", "truth", "name"), entries.stream().map(e -> e.text(1)).toList());
    assertEquals(0.5, Double.longBitsToDouble(entries.get(0).message(2).number(2)));
    assertEquals(1, entries.get(1).message(2).number(4));
    assertEquals("adam", entries.get(2).message(2).text(3));
  }

  @Test
  void aRestartNamesTheStepFromWhichEarlierOnesDoNotCount() throws IOException {
    try (EventFile file = EventFile.createIn(folder, TIME)) {
      file.restart(TIME, 5);
    }
    Fields event = Events.read(Events.files(folder).get(0)).get(1);
    assertEquals(5, event.number(2));
    assertEquals(1, event.message(7).number(1));
  }

  @Test
  void eventsAreThereWhileTheFileIsOpen() throws IOException {
    try (EventFile file = EventFile.createIn(folder, TIME)) {
      file.add(TIME, 1, List.of(Value.scalar("a", 1)));
      assertEquals(2, Events.read(Events.files(folder).get(0)).size());
    }
    assertTrue(Files.size(Events.files(folder).get(0)) > 0);
  }
}
