package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./vgg summary --gpu}, on a machine without that GPU. */
final class SummaryForGpuTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String arguments) {
    return Main.run(
        new PrintWriter(out, true),
        new PrintWriter(err, true),
        ("summary " + arguments).split(" ", -1));
  }

  @Test
  void itSaysWhatATrainingTakes() {
    assertEquals(0, run("--gpu h200 --precision bf16 --batch-size 256"), err.toString());
    String text = out.toString();
    List<String> lines = text.lines().toList();
    assertTrue(lines.stream().allMatch(line -> line.length() <= 82), text);
    assertTrue(text.contains("  copies in bf16 "), text);
    assertTrue(text.contains(" GiB free of a described NVIDIA H200)"), text);
    assertTrue(text.contains("workspace: "), text);
    String flat = text.replaceAll("\\s+", " ");
    assertTrue(flat.contains("a step of 256 images moves "), text);
    assertTrue(flat.contains("published 4,800 GB/s and 494.8 T multiply-adds/s allow"), text);
    assertTrue(
        flat.matches(".*the largest batch that fits is [\\d,]{5,}, with 1\\d\\d GiB .*"), text);
    assertEquals("", err.toString());
  }

  @Test
  void aStepOfSeveralBatchesCountsAllOfThem() {
    assertEquals(0, run("--gpu a100 --accumulate 4"), err.toString());
    assertTrue(out.toString().contains("a step of 256 images"), out.toString());
    assertTrue(out.toString().lines().anyMatch(line -> line.startsWith("sum ")), out.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--gpu|--gpu needs a name: one of a100, b200, h100, h200, rtx4090, t4",
        "--gpu v100|--gpu must be one of a100, b200, h100, h200, rtx4090, t4, not v100",
        "--gpu t4 --precision bf16|--precision bf16 needs a GPU of compute capability 8.0 or newer;"
            + " Tesla T4 has 7.5: use tf32 or fp32",
        "--gpu h200 --device cpu|--gpu plans for a GPU that need not be here: leave out --device",
        "--gpu h200 --precision fp64|--precision must be one of fp32, tf32, bf16, not fp64",
        "--gpu h200 --cuda-libs nowhere|--cuda-libs nowhere is not a folder"
      })
  void whatCannotBePlannedIsSaidInOneLine(String arguments, String message) {
    assertEquals(2, run(arguments));
    assertEquals("vgg: " + message, err.toString().strip());
    assertEquals("", out.toString());
  }
}
