package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class OneDnnReportTest {
  @Test
  void namesTheCauseOfAFailedInitialization() {
    Throwable e = new ExceptionInInitializerError(new UnsatisfiedLinkError("no jnidnnl"));
    String message = OneDnnReport.failure(new IllegalStateException("oneDNN", e));
    assertTrue(message.contains("(no jnidnnl); build with the Maven profile"), message);
  }

  @Test
  void aFolderThatIsFullIsNotTakenForAMissingLibrary() {
    Throwable e = new UnsatisfiedLinkError("no jnidnnl in java.library.path");
    e.initCause(new IOException("No space left on device"));
    String message = OneDnnReport.failure(new NoClassDefFoundError("dnnl").initCause(e));
    assertTrue(message.contains(" cannot be unpacked into "), message);
    assertTrue(message.contains(" (No space left on device); make room there or name"), message);
    assertFalse(message.contains("Maven"), message);
  }

  @Test
  void aFolderWithoutExecutionIsNamed() {
    String said = "/x/libjnidnnl.so: failed to map segment from shared object";
    String message = OneDnnReport.failure(new UnsatisfiedLinkError(said));
    assertTrue(message.contains(" may not be run in "), message);
    assertTrue(message.contains("noexec; name another folder with XDG_CACHE_HOME=DIR"), message);
    assertFalse(message.contains("Maven"), message);
  }
}
