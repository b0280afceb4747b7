package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Finds what a test left on the stand-in, and sets back all that it changed there. */
public final class LeavesNothing
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  private Map<String, Long> before;

  @Override
  public void beforeAll(ExtensionContext context) {
    StandIn.require();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    StandIn.reset();
    before = StandIn.live();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try {
      assertEquals(before, StandIn.live());
      assertEquals(0, StandIn.violations());
    } finally {
      StandIn.devices(1);
      StandIn.capacity(StandIn.BYTES);
      StandIn.shuffle(0);
      StandIn.reset();
    }
  }
}
