package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.io.FaultyFiles.Fault;

class SafeTensorsFaultTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"FAILS_FOREVER", "FORCES_FAIL", "RENAMES_FAIL"})
  void afterAFailedWriteTheModelIsTheOldOrTheNew(Fault fault) throws IOException {
    Path file = folder.resolve("model.safetensors");
    FaultyFiles sound = FaultyFiles.sound();
    TinyFile.write(file, sound);
    byte[] after = Files.readAllBytes(file);
    SafeTensor tensor = TestTensors.floats("old", new float[] {1}, 1);
    SafeTensorsWriter.write(file, List.of(tensor), Map.of());
    byte[] before = Files.readAllBytes(file);
    for (int call = 0; call < sound.calls().size(); call++) {
      Files.write(file, before);
      FaultyFiles files = new FaultyFiles(fault, call);
      Class<? extends Throwable> expected =
          fault == Fault.DIES ? FaultyFiles.Death.class : IOException.class;
      assertThrows(expected, () -> TinyFile.write(file, files));
      byte[] now = Files.readAllBytes(file);
      boolean oldOrNew = Arrays.equals(before, now) || Arrays.equals(after, now);
      assertTrue(oldOrNew, () -> "torn after " + files.calls());
      assertEquals(Verification.VERIFIED, TinyFile.readAll(file));
      if (fault != Fault.DIES) {
        assertFalse(Files.exists(folder.resolve("model.safetensors.tmp")));
      }
    }
  }

  @Test
  void aReaderThatFailsToOpenClosesItsFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    TinyFile.write(file);
    FaultyFiles sound = FaultyFiles.sound();
    SafeTensorsReader.open(file, sound).close();
    for (int call = 1; call < sound.calls().size() - 1; call++) {
      FaultyFiles files = new FaultyFiles(Fault.FAILS_ONCE, call);
      assertThrows(IOException.class, () -> SafeTensorsReader.open(file, files));
      assertEquals("close", files.calls().get(files.calls().size() - 1));
    }
  }

  @Test
  void partialReadsAndWritesAreGoneOnWith() throws IOException {
    Path whole = folder.resolve("whole");
    Path partial = folder.resolve("partial");
    TinyFile.write(whole);
    TinyFile.write(partial, new PartialFiles());
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(partial));
    try (SafeTensorsReader reader = SafeTensorsReader.open(whole, new PartialFiles())) {
      assertArrayEquals(new float[] {1, 2, 3, 4}, TestTensors.floats(reader, "w"));
      assertEquals(Verification.VERIFIED, reader.verify());
    }
  }
}
