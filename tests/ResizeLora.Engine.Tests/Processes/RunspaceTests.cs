namespace ResizeLora.Tests.Processes;

/// <summary>Several runspaces of one new process, which have yet to import the module, load libtorch and measure the base.</summary>
[Collection(ProcessTests.Name)]
public sealed class RunspaceTests
{
    [Fact]
    public void Four_runspaces_that_begin_at_once_share_module_library_checkpoint_and_cold_cache()
    {
        using var scene = new ProcessScene(layers: 4, side: 96, rank: 8);
        using PowerShellProcess process = scene.Start(
            $$"""
            $module = (Get-Module ResizeLora).Path.Replace('.psm1', '.psd1')
            $running = foreach ($number in 1..4) {
                $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
                $null = $shell.AddScript('param($module, $lora, $base, $output) $ErrorActionPreference = "Stop"; Import-Module $module; Resize-Lora $lora -Checkpoint $base -OutputDirectory $output')
                $null = $shell.AddArgument($module).AddArgument({{scene.Quoted("lora.safetensors")}}).AddArgument({{scene.Quoted(
                "base.safetensors"
            )}}).AddArgument({{scene.Quoted("output")}} + $number)
                [pscustomobject]@{ Shell = $shell; Handle = $shell.BeginInvoke() }
            }
            foreach ($one in $running) {
                $result = $one.Shell.EndInvoke($one.Handle)
                [Console]::Out.WriteLine($result[0].Path)
                $one.Shell.Dispose()
            }
            """
        );
        string[] outputs = process.WaitForEnd();
        Assert.Equal(4, outputs.Distinct(StringComparer.Ordinal).Count());
        byte[] first = File.ReadAllBytes(outputs[0]);
        Assert.All(outputs, path => Assert.Equal(first, File.ReadAllBytes(path)));
    }
}
