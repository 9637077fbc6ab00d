// The SDK's worker without model engines: all that a consumer needs which only delegates.
import { ensureRPCSetup, initializeWorkerCore } from '@qvac/sdk/worker-core'

if (initializeWorkerCore().hasRPCConfig) ensureRPCSetup()
