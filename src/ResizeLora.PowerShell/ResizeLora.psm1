# The loader goes into the default load context; it gives the module and its libraries a context of their own.
# Add-Type would load a compiler first, which takes longer than all the rest.
if (-not ('ResizeLora.Hosting.ModuleLoadContext' -as [type])) {
    $null = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'bin', 'ResizeLora.Loader.dll'))
}

$cmdlets = Import-Module -Assembly ([ResizeLora.Hosting.ModuleLoadContext]::Initialize()) -PassThru

# PowerShell keeps an assembly's cmdlets from the first import and does not give them to a module that is
# imported again with -Force (PowerShell issue 20710), so they are handed over by the engine's own method.
$addExportedCmdlet = [System.Management.Automation.PSModuleInfo].GetMethod(
    'AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
foreach ($cmdlet in $cmdlets.ExportedCmdlets.Values) {
    $null = $addExportedCmdlet.Invoke($ExecutionContext.SessionState.Module, @(, $cmdlet))
}
