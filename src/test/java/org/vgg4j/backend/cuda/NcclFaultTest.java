package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Recorded;

/** Ranks that fail, hang or leave, and what the others say then. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class NcclFaultTest {
  private static final int COUNT = 64;
  private static final Duration SHORT = Duration.ofMillis(400);

  @BeforeEach
  void severalGpus() {
    StandIn.devices(3);
  }

  /** After every failure new ranks can meet. */
  @AfterEach
  void goesOn() {
    StandIn.reset();
    Ranks.of(2).results(NcclFaultTest::sum);
  }

  private static Void sum(CudaBackend backend, Collective collective) {
    try (Slab slab = new Slab(backend, DType.F32, COUNT).fill(collective.rank())) {
      slab.begin(collective, 0, COUNT).await();
      assertEquals(Slab.value(0, 3) + Slab.value(1, 3), slab.values()[3]);
      return null;
    }
  }

  private static String lost(Ranks.Outcome<?> outcome) {
    return assertInstanceOf(PeerLostException.class, outcome.failure()).getMessage();
  }

  @Test
  void errorOfNcclsWorkEndsAll() {
    StandIn.faults("ncclAllReduce@1=6~");
    List<Ranks.Outcome<Void>> outcomes = Ranks.of(2).run(NcclFaultTest::sum);
    String both = lost(outcomes.get(0)) + lost(outcomes.get(1));
    assertTrue(both.contains("6 remote process exited or there was a network error"), both);
    assertTrue(both.contains("an injected fault"), both);
  }

  @Test
  void sumThatDoesNotEndIsNotWaitedForForEver() {
    StandIn.faults("ncclAllReduce@1=7~");
    List<Ranks.Outcome<Void>> outcomes = Ranks.of(2).waiting(SHORT).run(NcclFaultTest::sum);
    for (Ranks.Outcome<Void> outcome : outcomes) {
      String message = lost(outcome);
      assertTrue(
          message.contains("no answer for 0.4 s") || message.contains("has aborted"), message);
    }
  }

  @Test
  void rankThatDoesNotComeToASumIsGivenUp() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    List<Ranks.Outcome<Void>> outcomes =
        Ranks.of(2)
            .waiting(SHORT)
            .run(
                (backend, collective) -> {
                  if (collective.rank() == 1) {
                    ended.await(); // hangs elsewhere
                    return null;
                  }
                  try {
                    return sum(backend, collective);
                  } finally {
                    ended.countDown();
                  }
                });
    assertEquals("rank 0 of 2: other ranks are lost: no answer for 0.4 s", lost(outcomes.get(0)));
  }

  @Test
  void recordedStepsEndWithTheRankThatLeft() {
    List<Ranks.Outcome<Void>> outcomes =
        Ranks.of(2)
            .run(
                (backend, collective) -> {
                  try (Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
                    Runnable step = () -> slab.begin(collective, 0, COUNT).await();
                    step.run();
                    try (Recorded recorded = backend.record(step)) {
                      recorded.run();
                      slab.values();
                      if (collective.rank() == 1) {
                        throw new IllegalStateException("rank 1 fails");
                      }
                      recorded.run();
                      assertThrows(PeerLostException.class, slab::values);
                      recorded.run();
                      return null;
                    }
                  }
                });
    assertTrue(lost(outcomes.get(0)).endsWith("(rank 1 has aborted)"), lost(outcomes.get(0)));
    assertEquals("rank 1 fails", outcomes.get(1).failure().getMessage());
  }

  @Test
  void anotherThreadEndsAWait() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    Collective[] waiting = new Collective[1];
    Thread other =
        new Thread(
            () -> {
              try {
                begun.await();
                Thread.sleep(50);
                waiting[0].abort();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    other.start();
    List<Ranks.Outcome<Void>> outcomes =
        Ranks.of(2)
            .run(
                (backend, collective) -> {
                  if (collective.rank() == 1) {
                    collective.sum(new double[1]);
                    other.join();
                    return null;
                  }
                  waiting[0] = collective;
                  collective.sum(new double[1]);
                  begun.countDown();
                  return sum(backend, collective);
                });
    other.join();
    assertTrue(
        lost(outcomes.get(0)).endsWith("it was aborted on this rank"), lost(outcomes.get(0)));
    assertNull(outcomes.get(1).failure());
  }

  @ParameterizedTest
  @CsvSource({
    "ncclCommInitRankConfig@1=2, 2 unhandled system error",
    "ncclCommInitRankConfig@1=2~, 2 unhandled system error",
    "ncclCommInitRankConfig@1=6~, 6 remote process exited"
  })
  void ranksThatCannotMeetSaySo(String fault, String message) {
    StandIn.faults(fault);
    Ranks impatient = new Ranks(1, CudaOptions.STRICT, new NcclOptions(SHORT, SHORT, null));
    Ranks.Outcome<Void> outcome = impatient.run((backend, collective) -> (Void) null).get(0);
    assertTrue(lost(outcome).startsWith("rank 0 of 1: ncclCommInitRankConfig failed: " + message));
  }

  @Test
  void refusalOfNcclIsNoLostRank() {
    StandIn.faults("ncclCommInitRankConfig@1=4");
    Ranks.Outcome<Void> outcome = Ranks.of(1).run((backend, collective) -> (Void) null).get(0);
    CudaException refused = assertInstanceOf(CudaException.class, outcome.failure());
    assertEquals("ncclCommInitRankConfig", refused.call());
    StandIn.faults("ncclAllReduce@1=4");
    outcome = Ranks.of(1).run(NcclFaultTest::sum).get(0);
    assertEquals("ncclAllReduce", assertInstanceOf(CudaException.class, outcome.failure()).call());
  }

  @Test
  void meetingThatHangsIsGivenUp() {
    StandIn.faults("ncclCommInitRankConfig@1=7~");
    Ranks impatient = new Ranks(1, CudaOptions.STRICT, new NcclOptions(SHORT, SHORT, null));
    Ranks.Outcome<Void> outcome = impatient.run((backend, collective) -> (Void) null).get(0);
    assertEquals("rank 0 of 1: the other ranks did not all come within 0.4 s", lost(outcome));
  }

  @Test
  void ranksThatAskForDifferentCountsAreFound() {
    List<Ranks.Outcome<Void>> outcomes =
        Ranks.of(2)
            .run(
                (backend, collective) -> {
                  try (Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
                    slab.begin(collective, 0, COUNT - collective.rank()).await();
                    slab.values();
                    return null;
                  }
                });
    String both = lost(outcomes.get(0)) + lost(outcomes.get(1));
    assertTrue(both.contains("ranks do not agree"), both);
    assertTrue(StandIn.violations() > 0);
  }
}
