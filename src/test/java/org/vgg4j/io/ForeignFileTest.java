package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

/** Files of other formats are called by their names, with the way to a safetensors file. */
final class ForeignFileTest {
  @TempDir private Path folder;

  private static String refusal(Path file) {
    String message =
        assertThrows(InvalidInputException.class, () -> SafeTensorsReader.open(file).close())
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  private static void assertNamed(Path file, String name, String advice) {
    String message = refusal(file);
    assertTrue(message.startsWith(file + ": is " + name + ", not a safetensors file; "), message);
    assertTrue(message.contains(advice), message);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "net/data.pkl, \"a PyTorch file, a zip archive with a pickle\", torch.load(",
        "net/constants.pkl, a TorchScript file, torch.jit.load(",
        "features.0.weight.npy, NumPy's .npz archive, numpy.load(",
        "model.weights.h5, a Keras archive with model.weights.h5, unpack it",
        "readme.txt, a zip archive, unpack it"
      })
  void archivesAreKnownByWhatIsInThem(String entry, String name, String advice) throws IOException {
    Path file = folder.resolve("net.pth");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setMethod(ZipOutputStream.DEFLATED);
      zip.putNextEntry(new ZipEntry("first"));
      byte[] noise = new byte[200_000]; // so that names stand far from the start
      new java.util.Random(1).nextBytes(noise);
      zip.write(noise);
      zip.closeEntry();
      zip.putNextEntry(new ZipEntry(entry));
      zip.closeEntry();
    }
    assertNamed(file, name, advice);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "80028a0a6cfc9c46f9206aa850192e, \"a PyTorch file of the old kind, a pickle\", torch.load(",
        "8004950000000000007d942e, \"a Python pickle, which can run any program when it is"
            + " opened\", if you trust",
        "894844460d0a1a0a00, \"an HDF5 file, as Keras writes them (.h5)\", h5py.File(",
        "0808120770797463727368, an ONNX model, onnx.load(",
        "08073a04746f6e6e78, an ONNX model, onnx.load(",
        "934e554d5059, one NumPy array (.npy), state_dict",
        "47475546, a GGUF file, state_dict",
        "1f8b0800, an archive, unpack it"
      })
  void binaryFilesAreKnownByTheirStart(String start, String name, String advice)
      throws IOException {
    byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(start), 99);
    assertNamed(Files.write(folder.resolve("net.bin"), bytes), name, advice);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "version https://git-lfs.github.com/spec/v1 | a Git LFS pointer, not the model | lfs pull",
        "<!DOCTYPE html><html><head> | a web page, not the model | /resolve/",
        "<html lang=en> | a web page, not the model | /resolve/",
        "{\"metadata\": {}, \"weight_map\": {\"a\": \"net-1-of-2.safetensors\"}}"
            + " | the index of a model in several files | load_file(f)",
        "{\"metadata\": {}, \"weight_map\": {\"a\": \"net-1-of-2.bin\"}}"
            + " | the index of a model in several PyTorch files | torch.load(f",
        "{\"architectures\": [\"vgg\"]} | a JSON file, not the weights | state_dict"
      })
  void textsAreKnownByWhatTheySay(String text, String name, String advice) throws IOException {
    Path file = Files.writeString(folder.resolve("net.safetensors"), "\n" + text);
    if (text.startsWith("version")) {
      Files.writeString(file, text);
    }
    assertNamed(file, name, advice);
  }

  /** The line can be given to a shell as it is. */
  @Test
  void namesAreQuoted() throws IOException {
    byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa85019"), 99);
    Path file = Files.write(folder.resolve("it's mine.pth"), bytes);
    String message = refusal(file);
    String place = folder.toString();
    assertTrue(
        message.endsWith(
            "\" '%s/it'\\''s mine.pth' '%s/it'\\''s mine.safetensors'".formatted(place, place)),
        message);
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {}}", StandardCharsets.UTF_8);
    message = refusal(index);
    assertTrue(message.contains("join them: cd " + place + " && python3 -c \""), message);
    assertTrue(message.endsWith("\" model.safetensors.index.json model.safetensors"), message);
  }

  /** What is of no known kind stays a damaged file. */
  @Test
  void anythingElseIsDamaged() throws IOException {
    byte[] bytes = new byte[99];
    Arrays.fill(bytes, (byte) 7);
    String message = refusal(Files.write(folder.resolve("any"), bytes));
    assertTrue(message.contains("damaged or not a safetensors file"), message);
  }
}
