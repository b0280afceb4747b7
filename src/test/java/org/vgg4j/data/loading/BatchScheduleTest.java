package org.vgg4j.data.loading;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.InvalidInputException;

class BatchScheduleTest {
  /** The slices of all ranks are the batch, in order, and differ by one image at most. */
  @Test
  void slicesAreTheBatch() {
    for (int world = 1; world <= 5; world++) {
      for (int batchSize : new int[] {5, 7, 16, 64}) {
        for (int images : new int[] {batchSize, 3 * batchSize, 2 * batchSize + 5}) {
          requireSlices(world, batchSize, images);
        }
      }
    }
  }

  private static void requireSlices(int world, int batchSize, int images) {
    BatchSchedule whole = new BatchSchedule(images, batchSize, 1);
    int position = 0;
    for (int batch = 0; batch < whole.batches(); batch++) {
      int size = whole.end(batch) - whole.begin(batch);
      for (int rank = 0; rank < world; rank++) {
        BatchSchedule mine = new BatchSchedule(images, batchSize, 1, new Shard(rank, world));
        assertEquals(position, mine.begin(batch));
        position = mine.end(batch);
        int slice = mine.end(batch) - mine.begin(batch);
        assertTrue(slice == size / world || slice == (size - 1) / world + 1, () -> "" + slice);
        assertTrue(mine.sizes().contains(slice), () -> mine.sizes() + " without " + slice);
        assertEquals(whole.imagesOfStep(batch), mine.imagesOfStep(batch));
      }
    }
    assertEquals(images, position);
  }

  @Test
  void sizesAreThoseOfTheFirstAndTheLastBatch() {
    assertEquals(List.of(64, 32), new BatchSchedule(60_000, 64, 1).sizes());
    assertEquals(List.of(64), new BatchSchedule(128, 64, 1).sizes());
    assertEquals(List.of(10), new BatchSchedule(10, 64, 1).sizes());
    assertEquals(List.of(22, 11), new BatchSchedule(96, 64, 1, new Shard(2, 3)).sizes());
  }

  @Test
  void passesDivideTheirBatchEvenly() {
    for (int split : new int[] {1, 2, 3, 5, 16}) {
      for (int images : new int[] {1, 7, 16, 33, 40}) {
        requirePasses(images, 16, split);
      }
    }
  }

  private static void requirePasses(int images, int batchSize, int split) {
    BatchSchedule whole = new BatchSchedule(images, batchSize, 2);
    BatchSchedule parts = new BatchSchedule(images, batchSize, 2, split);
    assertEquals(whole.steps(), parts.steps());
    int most = (Math.min(batchSize, images) + split - 1) / split;
    int pass = 0;
    for (int batch = 0; batch < whole.batches(); batch++) {
      assertEquals(pass, parts.firstPass(batch));
      int position = whole.begin(batch);
      int smallest = Integer.MAX_VALUE;
      int largest = 0;
      for (; position < whole.end(batch); pass++) {
        assertEquals(batch, parts.batchOf(pass));
        assertEquals(position, parts.begin(pass));
        assertEquals(whole.imagesOfStep(batch), parts.imagesOfStep(pass));
        assertEquals(
            position == whole.begin(batch) && whole.startsStep(batch), parts.startsStep(pass));
        int size = parts.end(pass) - position;
        position = parts.end(pass);
        assertEquals(position == whole.end(batch) && whole.endsStep(batch), parts.endsStep(pass));
        smallest = Math.min(smallest, size);
        largest = Math.max(largest, size);
        assertTrue(parts.sizes().contains(size), () -> parts.sizes() + " without " + size);
      }
      assertEquals(whole.end(batch), position);
      assertTrue(largest <= most && largest - smallest <= 1, smallest + " to " + largest);
    }
    assertEquals(pass, parts.passes());
  }

  @Test
  void everyDeviceNeedsAnImage() {
    InvalidInputException thrown =
        assertThrows(
            InvalidInputException.class, () -> new BatchSchedule(66, 64, 1, new Shard(0, 3)));
    assertEquals(
        "batches of 64 of 66 images leave 2 in the last, too few for 3 devices",
        thrown.getMessage());
    assertThrows( // of passes of 22, 21 and 21 images
        InvalidInputException.class, () -> new BatchSchedule(640, 64, 1, 3, new Shard(0, 22)));
    assertThrows(InvalidInputException.class, () -> new Shard(3, 3));
    assertThrows(InvalidInputException.class, () -> new Shard(-1, 3));
    assertThrows(InvalidInputException.class, () -> new Shard(0, 0));
  }
}
