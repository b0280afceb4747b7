package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command with a stdout that is full, and with one that is not read any more. */
final class ResultStreamTest {
  private static final String TRAIN =
      "train --data sample --train-limit 64 --test-limit 10 --layers 256,M,384,M --width 1/64"
          + " --image-size 8 --epochs 1 --device cpu --out DIR";
  private static final String FULL = "No space left on device";

  @TempDir private static Path folder;

  private String err = "";

  @BeforeAll
  static void train() throws IOException {
    assertEquals(
        0, Cli.run(TRAIN.replace("DIR", folder.resolve("run").toString()).split(" ")).code());
    BufferedImage picture = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(picture, "png", folder.resolve("picture.png").toFile());
  }

  private int run(OutputStream stdout, String command) {
    StringWriter text = new StringWriter();
    String[] words =
        command
            .replace("MODEL", folder.resolve("run/model.safetensors").toString())
            .replace("PICTURE", folder.resolve("picture.png").toString())
            .replace("DIR", folder.resolve("run-" + System.nanoTime()).toString())
            .split(" ");
    int code = Main.run(new ResultStream(stdout, false), new PrintWriter(text), words);
    err = text.toString();
    return code;
  }

  /** A stdout that fails from the first byte on. */
  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --data sample --test-limit 10 --device cpu MODEL",
        "predict --device cpu MODEL PICTURE",
        "summary --layers 64,M --image-size 8 --device cpu",
        "doctor --device cpu",
        "doctor --json --device cpu",
        "gradcheck",
        "train --help",
        "--help",
        "--version",
        TRAIN
      })
  void lostResultsAreAnErrorAndAClosedPipeIsNone(String command) {
    assertEquals(2, run(failing(FULL), command), err);
    String said = "vgg: the results cannot be written to stdout: " + FULL;
    assertTrue(err.lines().anyMatch(said::equals), err);
    int code = command.equals("gradcheck") ? ExitCode.PIPE_CLOSED : ExitCode.DONE;
    assertEquals(code, run(failing("Broken pipe"), command), err);
    assertTrue(err.lines().noneMatch(line -> line.contains("results")), err);
  }

  @Test
  void aTrainingWhoseOutputIsLostStillSavesItsModel() {
    Path out = folder.resolve("unseen");
    assertEquals(2, run(failing(FULL), TRAIN.replace("DIR", out.toString())), err);
    assertTrue(Files.exists(out.resolve("model.safetensors")));
  }

  @Test
  void aFailedCheckStaysOneWhoseResultsWereLost() {
    ResultStream results = new ResultStream(failing(FULL), false);
    assertThrows(IOException.class, () -> results.write(1));
    StringWriter text = new StringWriter();
    assertEquals(ExitCode.CHECK_FAILED, results.exitCode(1, new PrintWriter(text)));
    assertTrue(text.toString().contains(FULL));
  }
}
