package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.io.FaultyFiles.Death;
import org.vgg4j.io.FaultyFiles.Fault;

class AtomicFileTest {
  private static final byte[] OLD = {1, 2, 3};
  private static final byte[] NEW = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};

  @TempDir Path folder;

  @Test
  void callsComeInTheOrderThatSurvivesAPowerCut() throws IOException {
    FaultyFiles files = FaultyFiles.sound();
    write(folder.resolve("f"), files);
    assertEquals(
        List.of(
            "delete f.tmp",
            "create f.tmp",
            "write",
            "write",
            "force",
            "close",
            "open f.tmp",
            "size",
            "read",
            "close",
            "rename f.tmp f",
            "forceDirectory"),
        files.calls());
  }

  @Test
  void aLinkComesInTheSameOrder() throws IOException {
    Path existing = folder.resolve("g");
    Files.write(existing, NEW);
    FaultyFiles files = FaultyFiles.sound();
    AtomicFile.link(existing, folder.resolve("f"), files);
    assertEquals(
        List.of("delete f.tmp", "link g f.tmp", "rename f.tmp f", "forceDirectory"), files.calls());
    assertTrue(Files.isSameFile(existing, folder.resolve("f")));
    Files.delete(existing);
    assertArrayEquals(NEW, Files.readAllBytes(folder.resolve("f")));
  }

  /** Both where files may have two names and where the second is a copy. */
  @ParameterizedTest
  @CsvSource({"true, 4", "false, 14"})
  void whateverCallOfALinkFailsTheTargetIsOldOrNew(boolean links, int calls) throws IOException {
    Path existing = Path.of("/run/g");
    Path target = Path.of("/run/f");
    MemoryFiles start = new MemoryFiles(links);
    start.put(existing, NEW);
    start.put(target, OLD);
    FaultyFiles sound = new FaultyFiles(start.copy());
    AtomicFile.link(existing, target, sound);
    assertTrue(sound.calls().size() >= calls, sound.calls()::toString);
    for (Fault fault : Fault.values()) {
      for (int call = 0; call < sound.calls().size(); call++) {
        MemoryFiles disk = start.copy();
        FaultyFiles files = new FaultyFiles(disk);
        files.failing(fault, call);
        boolean done = false;
        try {
          AtomicFile.link(existing, target, files);
          done = true;
        } catch (IOException | Death e) {
          boolean named = e instanceof Death || e.getMessage().startsWith("cannot write " + target);
          assertTrue(named, e.getMessage());
        }
        requireOldOrNew(disk, done, fault + " at " + files.calls());
        for (int cut = 0; cut < 20; cut++) {
          requireOldOrNew(disk.afterPowerCut(new Random(cut)), done, fault + ", power cut " + cut);
        }
        AtomicFile.link(existing, target, disk); // what was left behind is not in the way
        assertArrayEquals(NEW, disk.bytes(target));
        assertEquals(List.of(target, existing), disk.list(Path.of("/run")));
      }
    }
  }

  private static void requireOldOrNew(MemoryFiles disk, boolean done, String what) {
    byte[] bytes = disk.bytes(Path.of("/run/f"));
    assertTrue(Arrays.equals(NEW, bytes) || (!done && Arrays.equals(OLD, bytes)), what);
    assertArrayEquals(NEW, disk.bytes(Path.of("/run/g")), what);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"FAILS_FOREVER", "FORCES_FAIL", "RENAMES_FAIL"})
  void whateverCallFailsTheTargetIsOldOrNew(Fault fault) throws IOException {
    Path target = folder.resolve("f");
    FaultyFiles sound = FaultyFiles.sound();
    write(folder.resolve("g"), sound);
    for (int call = 0; call < sound.calls().size(); call++) {
      for (boolean hadOld : new boolean[] {false, true}) {
        Files.deleteIfExists(target);
        if (hadOld) {
          Files.write(target, OLD);
        }
        checkFailure(target, new FaultyFiles(fault, call), fault, hadOld);
        AtomicFile.write(target, NEW); // what was left behind is not in the way
        assertArrayEquals(NEW, Files.readAllBytes(target));
        assertFalse(Files.exists(folder.resolve("f.tmp")));
      }
    }
  }

  private void checkFailure(Path target, FaultyFiles files, Fault fault, boolean hadOld)
      throws IOException {
    Throwable failure = assertThrows(Throwable.class, () -> write(target, files));
    List<String> calls = files.calls();
    if (fault == Fault.DIES) {
      assertSame(Death.class, failure.getClass());
    } else {
      assertTrue(failure instanceof IOException, failure::toString);
      assertTrue(failure.getMessage().startsWith("cannot write " + target + ": injected into "));
      assertFalse(Files.exists(folder.resolve("f.tmp")), () -> "left behind after " + calls);
    }
    boolean renamed = calls.contains("forceDirectory");
    if (renamed) {
      assertArrayEquals(NEW, Files.readAllBytes(target));
    } else if (hadOld) {
      assertArrayEquals(OLD, Files.readAllBytes(target));
    } else {
      assertFalse(Files.exists(target), () -> "half-written after " + calls);
    }
    assertTrue(calls.stream().filter("force"::equals).count() <= 1, "a force was tried again");
  }

  @Test
  void aFailingContentLeavesNothingAndComesThrough() {
    IllegalStateException failure = new IllegalStateException("no more");
    assertSame(
        failure,
        assertThrows(
            IllegalStateException.class,
            () ->
                AtomicFile.write(
                    folder.resolve("f"),
                    file -> {
                      throw failure;
                    },
                    written -> {},
                    FileOperations.SYSTEM)));
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void whatReadsBackOtherwiseDoesNotGetTheName() throws IOException {
    Path target = folder.resolve("f");
    AtomicFile.write(target, OLD);
    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                AtomicFile.write(
                    target,
                    file -> file.writeFully(ByteBuffer.wrap(NEW), 0),
                    written -> {
                      throw new IOException("other bytes");
                    },
                    FileOperations.SYSTEM));
    assertEquals("cannot write " + target + ": other bytes", failure.getMessage());
    assertArrayEquals(OLD, Files.readAllBytes(target));
    assertFalse(Files.exists(folder.resolve("f.tmp")));
  }

  @Test
  void aFailedForceHasATypeOfItsOwn() {
    for (String forced : List.of("force", "forceDirectory")) {
      FaultyFiles sound = FaultyFiles.sound();
      assertDoesNotThrow(() -> write(folder.resolve("g"), sound));
      FaultyFiles files = new FaultyFiles(Fault.FAILS_ONCE, sound.calls().indexOf(forced));
      assertThrows(ForceFailedException.class, () -> write(folder.resolve("f"), files));
    }
  }

  @Test
  void aMissingFolderIsNamed() {
    Path target = folder.resolve("missing").resolve("f");
    IOException failure = assertThrows(IOException.class, () -> AtomicFile.write(target, NEW));
    assertEquals("cannot write " + target + ": no such file or folder", failure.getMessage());
  }

  @Test
  void theSystemsOperationsDoWhatTheySay() throws IOException {
    FileOperations files = FileOperations.SYSTEM;
    Path file = folder.resolve("b");
    try (FileHandle handle = files.create(file)) {
      handle.writeFully(ByteBuffer.wrap(NEW), 2);
      assertEquals(12, handle.size());
    }
    assertThrows(FileAlreadyExistsException.class, () -> files.create(file));
    assertThrows(FileSystemException.class, () -> files.open(folder));
    files.create(folder.resolve("a")).close();
    assertEquals(List.of(folder.resolve("a"), file), files.list(folder));
  }

  private static void write(Path target, FileOperations files) throws IOException {
    AtomicFile.write(
        target,
        file -> {
          file.writeFully(ByteBuffer.wrap(NEW, 0, 6), 0);
          file.writeFully(ByteBuffer.wrap(NEW, 6, 4), 6);
        },
        written -> assertArrayEquals(NEW, AtomicFile.read(written, 20, files)),
        files);
  }
}
