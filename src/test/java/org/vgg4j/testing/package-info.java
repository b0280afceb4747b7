/** What the tests of several packages share. */
package org.vgg4j.testing;
