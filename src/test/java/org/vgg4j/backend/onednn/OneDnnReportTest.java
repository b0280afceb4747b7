package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class OneDnnReportTest {
  @Test
  void namesTheCauseOfAFailedInitialization() {
    Throwable e = new ExceptionInInitializerError(new UnsatisfiedLinkError("no jnidnnl"));
    String message = OneDnnReport.failure(new IllegalStateException("oneDNN", e));
    assertTrue(message.contains("(no jnidnnl)"), message);
  }
}
