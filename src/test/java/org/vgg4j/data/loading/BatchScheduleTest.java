package org.vgg4j.data.loading;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
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
    assertEquals(22, new BatchSchedule(96, 64, 1, new Shard(0, 3)).mostImages());
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
    assertEquals(most, parts.mostImages());
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
  void anEpochFallsIntoBatchesAndSteps() {
    BatchSchedule schedule = new BatchSchedule(22, 4, 3); // batches 4 4 4 | 4 4 2
    assertEquals(2, schedule.steps());
    assertFalse(schedule.endsStep(1));
    assertTrue(schedule.endsStep(2));
    assertTrue(schedule.endsStep(5));
    assertEquals(1, schedule.stepOf(3));
    assertEquals(12, schedule.imagesOfStep(0));
    assertEquals(10, schedule.imagesOfStep(5));
    assertTrue(schedule.startsStep(3));
    assertFalse(schedule.startsStep(4));
    BatchSchedule uneven = new BatchSchedule(22, 4, 4); // batches 4 4 4 4 | 4 2
    assertTrue(uneven.startsStep(4));
    assertEquals(6, uneven.imagesOfStep(4));
    assertTrue(uneven.endsStep(5));
    assertEquals(2, uneven.steps());
  }

  @Test
  void batchesAsLargeAsAnInt() {
    BatchSchedule schedule = new BatchSchedule(2_000_000_000, 1_500_000_000, 2);
    assertEquals(2, schedule.batches());
    assertEquals(List.of(1_500_000_000, 500_000_000), schedule.sizes());
    assertEquals(2_000_000_000, schedule.imagesOfStep(1));
  }

  private static void refused(String message, Executable schedule) {
    assertEquals(message, assertThrows(InvalidInputException.class, schedule).getMessage());
  }

  /** A smaller last batch may leave a device nothing; every net is built for the largest slice. */
  @Test
  void aSmallerLastBatchMayLeaveADeviceNothing() {
    BatchSchedule first = new BatchSchedule(66, 64, 1, new Shard(0, 3)); // batches of 64 and 2
    assertEquals(0, first.size(1));
    assertEquals(0, first.withImages(0));
    assertEquals(2, first.withImages(1));
    assertEquals(List.of(22, 21), first.sizes());
    BatchSchedule second = new BatchSchedule(66, 64, 1, new Shard(1, 3));
    assertEquals(List.of(22, 21, 1), second.sizes());
    assertEquals(1, second.withImages(1));
    int all = 0;
    for (int rank = 0; rank < 3; rank++) {
      all += new BatchSchedule(5, 64, 1, new Shard(rank, 3)).size(0);
    }
    assertEquals(5, all);
  }

  @Test
  void everyDeviceNeedsAnImageOfAWholePass() {
    refused(
        "batchSize gives 64 images to a forward and backward pass, fewer than the 65 devices that"
            + " share it",
        () -> new BatchSchedule(200, 64, 1, new Shard(0, 65)));
    refused(
        "batchSize gives 22 images to a forward and backward pass, fewer than the 23 devices that"
            + " share it",
        () -> new BatchSchedule(200, 64, 1, 3, new Shard(0, 23)));
    refused("rank must be between 0 and 2, not 3", () -> new Shard(3, 3));
    refused("rank must be between 0 and 2, not -1", () -> new Shard(-1, 3));
    refused("world must be at least 1, not 0", () -> new Shard(0, 0));
  }

  @Test
  void sizesAreAtLeastOne() {
    refused("batchSize must be at least 1, not 0", () -> new BatchSchedule(10, 0, 1));
    refused("accumulate must be at least 1, not 0", () -> new BatchSchedule(10, 4, 0));
    refused("passes must be at least 1, not 0", () -> new BatchSchedule(10, 4, 1, 0));
  }

  @Test
  void aPassIsEvenWhereAllDevicesHaveAsManyImages() {
    BatchSchedule schedule = new BatchSchedule(22, 8, 1, new Shard(0, 2));
    assertTrue(schedule.isEven(0));
    assertTrue(schedule.isEven(2), "the last batch has six");
    schedule = new BatchSchedule(22, 7, 1, new Shard(1, 2));
    assertFalse(schedule.isEven(0));
    assertFalse(schedule.isEven(3), "the last batch has one");
    assertTrue(new BatchSchedule(22, 7, 1).isEven(0));
  }
}
