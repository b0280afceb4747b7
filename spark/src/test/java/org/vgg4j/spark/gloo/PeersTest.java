package org.vgg4j.spark.gloo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.tensor.InvalidInputException;

/** Ranks in threads, without gloo. */
class PeersTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Runs ranks, and returns what each says: its result, or which exception ended it. */
  private static List<String> run(int world, Function<Peers, String> body) throws IOException {
    List<CompletableFuture<String>> all = new ArrayList<>();
    try (Door door = new Door(LOOPBACK)) {
      for (int rank = 0; rank < world; rank++) {
        int number = rank;
        CompletableFuture<String> end = new CompletableFuture<>();
        all.add(end);
        Thread thread =
            new Thread(
                () -> {
                  try (Peers peers =
                      number == 0
                          ? door.receive(world, PATIENCE)
                          : Door.join(door.meeting(), number, world, LOOPBACK)) {
                    end.complete(body.apply(peers));
                    Rounds.await(peers.exchange(Exchange.Kind.SYNC, bytes("an end")));
                  } catch (RuntimeException e) {
                    end.complete(e.getMessage());
                  }
                });
        thread.setDaemon(true);
        thread.start();
      }
      return all.stream().map(CompletableFuture::join).toList();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void sumsAreTakenInTheOrderOfTheRanks() throws Exception {
    double[] given = {1e16, -1e16, 1, 1};
    List<String> sums =
        run(
            4,
            peers -> {
              double[] values = {given[peers.rank()], 1};
              Rounds.sum(peers, values);
              return values[0] + " " + values[1];
            });
    assertEquals(List.of("2.0 4.0", "2.0 4.0", "2.0 4.0", "2.0 4.0"), sums);
  }

  @Test
  void theReasonOfARankThatFailsReachesAll() throws Exception {
    List<String> said =
        run(
            3,
            peers -> {
              if (peers.rank() == 2) {
                peers.fail("rank 2: no space left");
              }
              Rounds.sum(peers, new double[1]);
              return "added";
            });
    assertEquals(
        List.of("rank 2: no space left", "rank 2: no space left", "rank 2: no space left"), said);
  }

  @Test
  void aRankThatDoesSomethingElseIsTold() throws Exception {
    List<String> said =
        run(
            3,
            peers -> {
              Rounds.sum(peers, new double[peers.rank() == 1 ? 7 : 3]);
              return "added";
            });
    String expected =
        "the ranks do not do the same: rank 0 does a sum of 3 numbers, and rank 1 a sum of 7"
            + " numbers";
    assertEquals(List.of(expected, expected, expected), said);
  }

  @Test
  void aRankThatEndsBeforeTheOthersIsTold() throws Exception {
    List<String> said =
        run(
            2,
            peers -> {
              if (peers.rank() == 1) {
                peers.close();
                return "left";
              }
              Rounds.sum(peers, new double[1]);
              return "added";
            });
    assertTrue(said.get(0).startsWith("rank 1 ("), said.get(0));
    assertTrue(said.get(0).endsWith(") has ended its training, and others have not"), said.get(0));
  }

  @Test
  void whoeverDoesNotKnowTheSecretStaysOutside() throws Exception {
    try (Door door = new Door(LOOPBACK)) {
      CompletableFuture<Peers> host =
          CompletableFuture.supplyAsync(() -> door.receive(2, PATIENCE));
      Meeting meeting = door.meeting();
      try (Socket silent = new Socket(meeting.host(), meeting.port());
          Socket loud = new Socket(meeting.host(), meeting.port())) {
        assertEquals(0, silent.getSoTimeout()); // it stays open, and holds nobody up
        loud.getOutputStream().write(bytes("GET / HTTP/1.1\r\n\r\n".repeat(9)));
        Meeting wrong = new Meeting(meeting.host(), meeting.port(), "guessed");
        assertThrows(PeerLostException.class, () -> Door.join(wrong, 1, 2, LOOPBACK));
        PeerLostException other =
            assertThrows(PeerLostException.class, () -> Door.join(meeting, 1, 3, LOOPBACK));
        assertTrue(other.getMessage().endsWith("rank 0 counts 2 ranks, and this one 3"));
        try (Peers guest = Door.join(meeting, 1, 2, LOOPBACK);
            Peers first = host.join()) {
          CompletableFuture<byte[]> got = first.exchange(Exchange.Kind.BROADCAST, bytes("hi"));
          assertArrayEquals(bytes("hi"), Rounds.broadcast(guest, bytes("not read")));
          assertArrayEquals(bytes("hi"), Rounds.await(got));
        }
      }
    }
  }

  @Test
  void whoIsMissingIsSaid() throws Exception {
    try (Door door = new Door(LOOPBACK)) {
      PeerLostException missing =
          assertThrows(
              PeerLostException.class, () -> door.receive(3, Duration.ofMillis(100)).close());
      assertEquals("not there after 0 s: rank 1, 2", missing.getMessage());
    }
  }

  @Test
  void aMeetingIsReadBack() {
    Meeting meeting = new Meeting("fe80::1%eth0", 65535, "abc");
    assertEquals(meeting, Meeting.parse(meeting.text()));
    assertEquals("fe80::1%eth0:65535", meeting.toString());
    assertThrows(InvalidInputException.class, () -> Meeting.parse("abc@1"));
  }
}
