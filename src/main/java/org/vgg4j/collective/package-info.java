/** What several processes or devices do together in a training: sums and broadcasts. */
package org.vgg4j.collective;
