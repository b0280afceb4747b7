package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.io.FileHandle;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.ForwardingFiles;
import org.vgg4j.io.MemoryFiles;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.TrainingOptions;

/**
 * A checkpoint is written once and read back once, and a training that is resumed reads it once.
 */
final class CheckpointBytesTest {
  private static final Path MODEL = TinyTraining.FOLDER.resolve("model.safetensors");
  private static final TrainingOptions OPTIONS =
      new TrainingOptions(1, 4, 1, 3e-3, LearningRateSchedule.CONSTANT, 7);
  private static final int HASH_DIGITS = 64; // of a file are written a second time

  /** Counts what passes through files of tensors. */
  private static final class CountingFiles extends ForwardingFiles {
    private long written;
    private long read;

    CountingFiles(FileOperations under) {
      super(under);
    }

    @Override
    protected FileHandle handle(Path file, FileHandle handle) {
      if (!file.toString().contains(".safetensors")) {
        return handle;
      }
      return new Handle(handle) {
        @Override
        public int read(ByteBuffer into, long position) throws IOException {
          int count = super.read(into, position);
          read += Math.max(0, count);
          return count;
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
          int count = super.write(from, position);
          written += count;
          return count;
        }
      };
    }
  }

  @Test
  void everyByteIsWrittenOnceAndReadOnce() throws IOException {
    MemoryFiles disk = new MemoryFiles();
    CountingFiles saving = new CountingFiles(disk);
    CountingFiles resuming = new CountingFiles(disk);
    try (Backend backend = Backends.open("cpu").backend()) {
      TinyTraining training = new TinyTraining(backend, "adam", OPTIONS);
      training.run(saving, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
      training.run(resuming, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
      assertEquals(List.of(), training.reports);
    }
    Path folder = TinyTraining.FOLDER.resolve("checkpoints");
    byte[] model = disk.bytes(CheckpointFiles.model(folder, 1));
    long bytes = (long) model.length + disk.bytes(CheckpointFiles.optimizer(folder, 1)).length;
    System.out.printf(
        "a checkpoint of %d bytes: written %d, read back %d, read to resume %d%n",
        bytes, saving.written, saving.read, resuming.read);
    assertEquals(bytes + 2 * HASH_DIGITS, saving.written);
    assertEquals(bytes, saving.read);
    assertEquals(bytes, resuming.read);
    assertEquals(0, resuming.written);
    assertArrayEquals(model, disk.bytes(MODEL));
  }
}
