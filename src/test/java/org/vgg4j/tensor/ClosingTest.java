package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClosingTest {
  private final List<String> closed = new ArrayList<>();
  private final Closing closing = new Closing();

  @Test
  void closesInReverseOrderAndOnce() {
    AutoCloseable first = () -> closed.add("first");
    assertSame(first, closing.own(first));
    closing.own((AutoCloseable) () -> closed.add("second"));
    closing.own((AutoCloseable) () -> closed.add("third"));
    closing.close();
    assertEquals(List.of("third", "second", "first"), closed);
    closing.close();
    assertEquals(3, closed.size());
  }

  @Test
  void closesAllAndThrowsTheFirstFailureWithTheRestSuppressed() {
    IllegalStateException late = new IllegalStateException("late");
    IOException middle = new IOException("middle");
    RuntimeException early = new RuntimeException("early");
    closing.own(fails("a", late));
    closing.own((AutoCloseable) () -> closed.add("b"));
    closing.own(fails("c", middle));
    closing.own(fails("d", early));
    RuntimeException thrown = assertThrows(RuntimeException.class, closing::close);
    assertSame(early, thrown);
    assertArrayEquals(new Throwable[] {middle, late}, thrown.getSuppressed());
    assertEquals(List.of("d", "c", "b", "a"), closed);
  }

  @Test
  void wrapsACheckedFailure() {
    IOException cause = new IOException("disk");
    closing.own(fails("a", cause));
    IllegalStateException thrown = assertThrows(IllegalStateException.class, closing::close);
    assertSame(cause, thrown.getCause());
  }

  @Test
  void abandonsUnderTheCause() {
    RuntimeException failure = new RuntimeException("while closing");
    closing.own(fails("a", failure));
    closing.own((AutoCloseable) () -> closed.add("b"));
    Exception cause = new Exception("the constructor's");
    closing.abandon(cause);
    assertEquals(List.of("b", "a"), closed);
    assertArrayEquals(new Throwable[] {failure}, cause.getSuppressed());
  }

  private AutoCloseable fails(String name, Exception failure) {
    return () -> {
      closed.add(name);
      throw failure;
    };
  }
}
