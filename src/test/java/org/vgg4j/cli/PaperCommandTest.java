package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison of two nets, small enough to be made whole. */
final class PaperCommandTest {
  private static final String FIRST = "A-33-seed1";
  private static final String LAST = "D-34..36-seed1";

  @TempDir private Path folder;

  /** Runs the command; flags that are given replace the usual ones. */
  private Cli.Result paper(String out, String... given) {
    Map<String, String> flags = new LinkedHashMap<>();
    for (String flag :
        ("--nets=A,D --seeds=1 --train-scales=33,34,34..36 --data=sample --width=1/64"
                + " --image-size=32 --epochs=1 --batch-size=10 --train-limit=40 --test-limit=6"
                + " --device=cpu --threads=1")
            .split(" ")) {
      flags.put(flag.replaceAll("=.*", ""), flag);
    }
    for (String flag : given) {
      flags.put(flag.replaceAll("=.*", ""), flag);
    }
    List<String> arguments = new ArrayList<>(List.of("paper", "--out=" + folder.resolve(out)));
    arguments.addAll(flags.values());
    return Cli.run(arguments.toArray(String[]::new));
  }

  private Path run(String study, String name) {
    return folder.resolve(study).resolve("runs").resolve(name);
  }

  private byte[] tests(String study, String name) throws IOException {
    return Files.readAllBytes(folder.resolve(study).resolve("tests").resolve(name));
  }

  @Test
  void whatIsFinishedIsUsedAgain() throws IOException {
    Cli.Result whole = paper("study");
    assertEquals(0, whole.code(), whole.err());
    assertEquals(
        List.of(FIRST, "D-33-seed1", "D-34-seed1", LAST), Cli.names(folder.resolve("study/runs")));
    assertTrue(whole.out().contains("| D | 34..36 | 35 |"), whole.out());
    assertTrue(whole.out().contains("| D | multi-crop and dense |"), whole.out());
    assertEquals(whole.out(), Files.readString(folder.resolve("study/paper.md")));
    assertTrue(whole.err().contains("4 of 4 trainings are left"), whole.err());
    String first = Files.readString(run("study", "D-33-seed1").resolve("config.json"));
    assertTrue(first.contains("\"initFrom\""), first);
    String second = Files.readString(run("study", "D-34-seed1").resolve("config.json"));
    assertTrue(second.contains("\"startFrom\""), second);
    assertTrue(second.contains("\"learningRate\" : 0.001"), second);

    FileTime made = Files.getLastModifiedTime(run("study", LAST).resolve("model.safetensors"));
    byte[] test = tests("study", LAST + "-crops-36.safetensors");
    assertFalse(Arrays.equals(test, tests("study", LAST + "-dense-36.safetensors")));
    Path damaged = folder.resolve("study/tests/" + LAST + "-crops-36.safetensors");
    byte[] broken = test.clone();
    broken[broken.length - 1] ^= 1;
    Files.write(damaged, broken);
    Cli.Result again = paper("study");
    assertEquals(whole.out(), again.out());
    assertTrue(again.err().contains("0 of 4 trainings are left"), again.err());
    assertFalse(again.err().contains("training D"), again.err());
    assertTrue(again.err().contains("testing D, S = 34..36, seed 1: multi-crop, Q = 36"));
    assertFalse(again.err().contains("Q = 35"), again.err());
    assertArrayEquals(test, tests("study", LAST + "-crops-36.safetensors"));
    assertEquals(made, Files.getLastModifiedTime(run("study", LAST).resolve("model.safetensors")));

    String other = Cli.refused(paper("study", "--epochs=2", "--lr=0.1"));
    assertTrue(
        other.contains(
            "is of another comparison: epochs was 1 and is 2, learningRate was not given and is"
                + " 0.1;"),
        other);
  }

  @Test
  void aDryRunOnlySaysWhatItWouldTake() throws IOException {
    Cli.Result result = paper("none", "--dry-run");
    assertEquals(0, result.code(), result.err());
    assertEquals(2 + 4, result.outLines().size(), result.out());
    assertTrue(
        result
            .outLines()
            .get(3)
            .startsWith("| D, S = 33, seed 1 | first four convolutions and linear layers of A | "),
        result.out());
    assertFalse(Files.exists(folder.resolve("none")));
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    assertEquals(
        "vgg: --nets must name some of A, A-LRN, B, C, D, E, not 'F'",
        Cli.refused(paper("x", "--nets=A,F")));
    assertTrue(
        Cli.refused(paper("x", "--train-scales=20,34,34..36"))
            .startsWith("vgg: --train-scales must be two sizes and a range"));
    assertEquals("vgg: --seeds must be at least 1, not 0", Cli.refused(paper("x", "--seeds=0")));
    assertTrue(Cli.refused(paper("x", "--image-size=20")).contains("image-size"));
    assertFalse(Files.exists(folder.resolve("x")));
  }
}
