import './zod-without-eval'
import { mountConsole } from './mount'
import { connectConsole } from './rpc/console-client'

void mountConsole('#app', connectConsole(), window.desktop)
