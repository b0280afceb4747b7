package org.vgg4j.paper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.InvalidInputException;

/** What is trained, in which order, and at which sizes it is tested. */
final class StudyOptionsTest {
  private static StudyOptions options(String nets, int seeds, Map<String, String> settings) {
    return new StudyOptions(
        PaperNet.parse(nets), TrainScales.of(224), seeds, settings, Path.of("study"));
  }

  private static List<String> names(StudyOptions options) {
    return options.runs().stream().map(run -> run.folder(options.scales())).toList();
  }

  @Test
  void thePapersTrainingsInItsOrder() {
    assertEquals(
        List.of(
            "A-256-seed1",
            "A-LRN-256-seed1",
            "B-256-seed1",
            "C-256-seed1",
            "C-384-seed1",
            "C-256..512-seed1",
            "D-256-seed1",
            "D-384-seed1",
            "D-256..512-seed1",
            "E-256-seed1",
            "E-384-seed1",
            "E-256..512-seed1"),
        names(options("E,D,C,B,A-LRN,A", 1, Map.of())));
  }

  /** D copies a part of A, whether A is compared or not, and each seed has its own. */
  @Test
  void whatATrainingBeginsWithComesFirst() {
    assertEquals(
        List.of("A-256-seed1", "B-256-seed1", "A-256-seed2", "B-256-seed2"),
        names(options("B", 2, Map.of())));
    assertEquals(List.of("A-LRN-256-seed1"), names(options("a-lrn", 1, Map.of())));
    StudyRun jittered = new StudyRun(PaperNet.D, TrainScale.JITTERED, 3);
    assertEquals(new StudyRun(PaperNet.D, TrainScale.LARGE, 3), jittered.before());
    assertEquals(new StudyRun(PaperNet.D, TrainScale.SMALL, 3), jittered.before().before());
    assertEquals(
        new StudyRun(PaperNet.A, TrainScale.SMALL, 3), jittered.before().before().before());
  }

  @Test
  void thePapersTestSizes() {
    TrainScales paper = TrainScales.of(224);
    assertEquals(256, paper.tested(TrainScale.SMALL));
    assertEquals(384, paper.tested(TrainScale.JITTERED));
    assertEquals(List.of(224, 256, 288), paper.testedTogether(TrainScale.SMALL));
    assertEquals(List.of(352, 384, 416), paper.testedTogether(TrainScale.LARGE));
    assertEquals(List.of(256, 384, 512), paper.testedTogether(TrainScale.JITTERED));
    assertEquals(512, paper.largest());
  }

  @Test
  void sizesOfOtherSquaresAreInProportion() {
    assertEquals("128,192,128..256", TrainScales.of(112).toString());
    assertEquals(List.of(112, 128, 144), TrainScales.of(112).testedTogether(TrainScale.SMALL));
    // 32 x 32 / 224 is 4.6, and a net cannot see less than its own squares.
    TrainScales own = TrainScales.parse("34, 40,36..44", 32);
    assertEquals(List.of(32, 34, 39), own.testedTogether(TrainScale.SMALL));
    assertEquals(List.of(36, 40, 44), own.testedTogether(TrainScale.JITTERED));
    assertEquals("36..44", own.text(TrainScale.JITTERED));
    assertEquals(45, own.largest());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "36", "36,40", "36,40,36..44,50", "36..38,40,36..44", "a,b,c", "36,40,36..x"})
  void otherScalesAreRefused(String text) {
    assertThrows(InvalidInputException.class, () -> TrainScales.parse(text, 32));
  }

  @ParameterizedTest
  @CsvSource({"31,40,36..44", "40,36,36..44", "36,40,31..44"})
  void scalesBelowTheImageSizeAreRefused(String small, String large, String range) {
    String text = small + "," + large + "," + range;
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> TrainScales.parse(text, 32));
    assertEquals("trainScales", refusal.field());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "F", "A,,B", "vgg16"})
  void otherNetsAreRefused(String nets) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PaperNet.parse(nets));
    assertEquals("nets", refusal.field());
  }

  @Test
  void whatIsTheStudysOwnIsRefused() {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> options("A", 1, Map.of("arch", "vgg13")));
    assertEquals("arch", refusal.field());
    assertThrows(InvalidInputException.class, () -> options("A", 0, Map.of()));
  }

  /**
   * Every training of the paper's has its errors at one scale; those of A alone none at several.
   */
  @Test
  void thePapersErrorsAreThere() {
    for (PaperNet net : PaperNet.values()) {
      for (TrainScale scale : net.scales()) {
        assertNotNull(PaperFigures.single(net, scale), net + " " + scale);
        assertEquals(
            net.compareTo(PaperNet.B) >= 0, PaperFigures.several(net, scale) != null, net.text());
      }
    }
    assertEquals(new Errors(25.6, 8.1), PaperFigures.single(PaperNet.D, TrainScale.JITTERED));
    assertEquals(new Errors(24.4, 7.1), PaperFigures.way(PaperNet.E, TestWay.BOTH));
  }
}
